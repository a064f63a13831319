import { afterEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { startRig } from '../../../test/support/server-rig.ts'
import type { ServerRig } from '../../../test/support/server-rig.ts'
import { rr } from '../../../test/support/records.ts'
import { respond } from '../../server/index.ts'
import type { PluginRegistry } from '../../server/index.ts'
import { reloadPlugin } from './index.ts'

const PLUGINS: PluginRegistry = {
  reload: async () => reloadPlugin,
  hosts: async () => ({
    name: 'hosts',
    parse(dispenser) {
      dispenser.next()
      return dispenser.remainingArgs()[0]
    },
    create: (address) => ({
      handler: (request) =>
        respond(request, { by: 'hosts', answer: [rr(`${request.question.name} 5 IN A ${String(address)}`)] }),
    }),
  }),
}

const clock = createFakeClock()
let rig: ServerRig | undefined
let text = ''

async function start(corefile: string): Promise<ServerRig> {
  text = corefile
  rig = await startRig(() => text, { plugins: PLUGINS, clock, randomId: () => 32_768 })
  return rig
}

afterEach(async () => {
  await rig?.server.stop({ atOnce: true })
  rig = undefined
})

async function addressOf({ ask }: ServerRig): Promise<unknown> {
  return (await ask({ name: 'x' })).answer[0]?.rdata
}

const OLD = '. {\n reload 10s 0s\n hosts 192.0.2.1\n}'

describe('reload', () => {
  it('says the running hash, changes over to a changed Corefile after its interval, and says the new one', async () => {
    const started = await start(OLD)
    const before = started.server.hash()
    expect(before).toMatch(/^[0-9a-f]{128}$/)
    text = OLD.replace('192.0.2.1', '192.0.2.2')
    await clock.advance(9000)
    expect(await addressOf(started)).toEqual({ type: 'A', address: '192.0.2.1' })
    await clock.advance(1000)
    await expect.poll(async () => addressOf(started)).toEqual({ type: 'A', address: '192.0.2.2' })
    await expect
      .poll(() => started.output())
      .toContain(
        `[INFO] plugin/reload: Running configuration SHA512 = ${started.server.hash()}\n[INFO] Reloading complete\n`,
      )
    const info = `coredns_reload_version_info{hash="sha512",value="${started.server.hash()}"} 1`
    expect(started.server.metrics.render()).toContain(info)
    expect(started.server.metrics.render()).not.toContain(before)
    // The new configuration looks too.
    text = OLD
    await clock.advance(10_000)
    await expect.poll(async () => addressOf(started)).toEqual({ type: 'A', address: '192.0.2.1' })
  })

  it('takes comments and white space for no change', async () => {
    const started = await start(OLD)
    text = `# a comment\n\n${OLD.replaceAll('\n', '\n\t')}`
    await clock.advance(30_000)
    expect(started.output()).not.toContain('Reloading')
  })

  it('keeps the old configuration when the new one fails, tries it once, and shows its hash', async () => {
    const started = await start(OLD)
    text = '. {\n reload nonsense\n hosts 192.0.2.2\n}'
    await clock.advance(10_000)
    await expect
      .poll(() => started.output())
      .toContain(
        '[ERROR] plugin/reload: Corefile changed but reload failed: plugin/reload: Corefile:2 - Error during parsing: time: invalid duration "nonsense"',
      )
    await clock.advance(60_000)
    expect(await addressOf(started)).toEqual({ type: 'A', address: '192.0.2.1' })
    const metrics = started.server.metrics.render()
    expect(metrics).toContain('\ncoredns_reload_failed_total 1\n')
    expect(metrics).toMatch(/^fathom_reload_rejected_info\{hash="sha512",value="[0-9a-f]{128}"\} 1$/m)
    // Back to what runs: nothing is rejected any more.
    text = OLD
    await clock.advance(10_000)
    expect(started.server.metrics.render()).not.toMatch(/^fathom_reload_rejected_info/m)
  })

  it('counts looks at a file that cannot be parsed, and complains once', async () => {
    const started = await start(OLD)
    text = '. {\n hosts {\n'
    await clock.advance(30_000)
    const complaint = '[WARNING] plugin/reload: Corefile parse failed: '
    await expect.poll(() => started.output()).toContain(complaint)
    expect(started.output().split(complaint)).toHaveLength(2)
    expect(started.server.metrics.render()).toContain('\nfathom_reload_parse_errors_total 3\n')
  })

  it('looks once per interval however many blocks have it', async () => {
    const started = await start('a {\n reload 10s 0s\n hosts 192.0.2.1\n}\nb {\n reload 10s 0s\n hosts 192.0.2.1\n}')
    text = '. {\n nosuch {\n'
    await clock.advance(10_000)
    expect(started.server.metrics.render()).toContain('\nfathom_reload_parse_errors_total 1\n')
  })

  it.each([
    { directive: 'reload', options: { intervalMs: 30_000, jitterMs: 15_000 } },
    { directive: 'reload 10s', options: { intervalMs: 10_000, jitterMs: 5000 } },
    { directive: 'reload 1m 2s', options: { intervalMs: 60_000, jitterMs: 2000 } },
    { directive: 'reload 2s 0s', options: { intervalMs: 2000, jitterMs: 0 } },
  ])('reads $directive', ({ directive, options }) => {
    let read: unknown
    startPlugin(reloadPlugin, directive, {
      create: (made) => {
        read = made
        return {}
      },
    })
    expect(read).toEqual(options)
  })

  it.each([
    { directive: 'reload 1s', message: 'interval value must be greater or equal to 2s' },
    { directive: 'reload 10s 500ms', message: 'jitter value must be 0 or greater or equal to 1s' },
    { directive: 'reload 10', message: 'time: missing unit in duration "10"' },
    { directive: 'reload 10s 2s 3s', message: 'Wrong argument count' },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(reloadPlugin, directive)).toThrow(message)
  })
})
