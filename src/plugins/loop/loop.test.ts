import { afterEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { startRig } from '../../../test/support/server-rig.ts'
import type { ServerRig } from '../../../test/support/server-rig.ts'
import { exchange } from '../../net/index.ts'
import { fail, respond } from '../../server/index.ts'
import type { PluginRegistry, Request } from '../../server/index.ts'
import { loopPlugin } from './index.ts'

const running: ServerRig[] = []
const clock = createFakeClock()

afterEach(async () => {
  await Promise.all(running.splice(0).map(({ server }) => server.stop({ atOnce: true })))
})

/** A plugin that sends each query to an address again, as a forwarder to itself would. */
function forwarder(
  onQuery: (request: Request) => void,
  upstream: () => { address: string; port: number } | undefined,
): PluginRegistry {
  return {
    loop: async () => loopPlugin,
    forward: async () => ({
      name: 'forward',
      parse: () => undefined,
      create: () => ({
        handler: async (request) => {
          onQuery(request)
          const server = upstream()
          if (server === undefined) return respond(request, { by: 'forward', rcode: 'NXDOMAIN' })
          const result = await exchange({ server, message: request.message, transport: 'udp', timeoutMs: 2000 })
          return result.kind === 'response'
            ? { kind: 'answer', message: result.message, by: 'forward' }
            : fail('forward', 'SERVFAIL')
        },
      }),
    }),
  }
}

describe('loop', () => {
  it('ends the process when its question comes back more than twice', async () => {
    const fatal: string[] = []
    let own: ServerRig | undefined
    const plugins = forwarder(
      () => {},
      () => own?.endpoint(),
    )
    own = await startRig('example.org {\n loop\n forward\n}', { plugins, onFatal: (message) => fatal.push(message) })
    running.push(own)
    await expect.poll(() => fatal.length, { timeout: 10_000 }).toBeGreaterThan(0)
    expect(fatal[0]).toMatch(
      /^plugin\/loop: Loop \(127\.0\.0\.1:\d+ -> :53\) detected for zone "example\.org\.", see https:\/\/coredns\.io\/plugins\/loop#troubleshooting\. Query: "HINFO \d+\.\d+\.example\.org\."/,
    )
    expect(own.output()).toContain('[FATAL] plugin/loop: Loop (')
  })

  it('asks one question with an unguessable name and is quiet after a clean answer', async () => {
    const names: string[] = []
    const fatal: string[] = []
    const plugins = forwarder(
      ({ name, type }) => names.push(`${type} ${name}`),
      () => undefined,
    )
    const own = await startRig('. {\n loop\n forward\n}', { plugins, clock, onFatal: (message) => fatal.push(message) })
    running.push(own)
    await expect.poll(() => names).toHaveLength(1)
    expect(names[0]).toMatch(/^HINFO \d{10,19}\.\d{10,19}\.$/)
    const name = names[0]?.slice('HINFO '.length) ?? ''
    // The response has arrived once the two quiet seconds have begun; after them the name is an ordinary one.
    await expect.poll(() => clock.pending()).toBeGreaterThan(1)
    await clock.advance(2000)
    for (let count = 0; count < 5; count += 1) await own.ask({ name, type: 'HINFO' })
    expect(fatal).toEqual([])
  })

  it('is not impressed by other names and other types', async () => {
    const fatal: string[] = []
    const names: string[] = []
    const plugins = forwarder(
      ({ name }) => names.push(name),
      () => undefined,
    )
    const own = await startRig('. {\n loop\n forward\n}', { plugins, clock, onFatal: (message) => fatal.push(message) })
    running.push(own)
    await expect.poll(() => names).toHaveLength(1)
    for (let count = 0; count < 5; count += 1) {
      await own.ask({ name: names[0] ?? '', type: 'A' })
      await own.ask({ name: `1.2.`, type: 'HINFO' })
    }
    expect(fatal).toEqual([])
  })

  it.each([
    { directive: 'loop x', message: 'Wrong argument count' },
    { directive: 'loop\nloop', message: 'this plugin can only be used once per Server Block' },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(loopPlugin, directive)).toThrow(message)
  })
})
