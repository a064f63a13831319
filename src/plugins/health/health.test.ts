import { afterEach, describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { startHttpRig } from '../../../test/support/http-rig.ts'
import type { HttpRig } from '../../../test/support/http-rig.ts'
import { respond } from '../../server/index.ts'
import type { PluginRegistry } from '../../server/index.ts'
import { readyPlugin } from '../ready/index.ts'
import { healthPlugin } from './index.ts'

const PLUGINS: PluginRegistry = {
  health: async () => healthPlugin,
  ready: async () => readyPlugin,
  erratic: async () => ({
    name: 'erratic',
    parse: () => undefined,
    create: () => ({ handler: (request) => respond(request, { by: 'erratic' }) }),
  }),
  whoami: async () => ({
    name: 'whoami',
    parse: () => undefined,
    create: () => ({ handler: (request) => respond(request, { by: 'whoami' }) }),
  }),
}

let rig: HttpRig | undefined

async function start(corefile: string | (() => string)): Promise<HttpRig> {
  rig = await startHttpRig(corefile, { plugins: PLUGINS })
  return rig
}

afterEach(async () => {
  await rig?.server.stop({ atOnce: true })
  rig = undefined
})

describe('health', () => {
  it('answers 200 OK at its path and 404 elsewhere', async () => {
    const { fetch } = await start('. {\n health :8080\n whoami\n}')
    expect(await fetch(8080, '/health')).toBe('200 OK')
    expect(await fetch(8080, '/health?x=1')).toBe('200 OK')
    expect(await fetch(8080, '/')).toBe('404 404 page not found\n')
  })

  it('asks itself and keeps the time', async () => {
    const { server } = await start('. {\n health :8080\n whoami\n}')
    await expect
      .poll(() => server.metrics.render(), { timeout: 10_000 })
      .toContain('coredns_health_request_duration_seconds_count 1\n')
    expect(server.metrics.render()).toContain('coredns_health_request_failures_total 0\n')
  })

  it('keeps its endpoint over a reload, also when two blocks share it', async () => {
    const corefile = 'a {\n health :8080\n whoami\n}\nb {\n health :8080\n whoami\n}'
    const { server, fetch } = await start(corefile)
    await server.reload()
    await server.reload()
    expect(await fetch(8080, '/health')).toBe('200 OK')
  })

  it('in lameduck mode answers queries and says OK until the time is over', async () => {
    const started = await start('. {\n health :8080 {\n lameduck 3s\n }\n ready :8181\n erratic\n}')
    const stopping = started.server.stop()
    await expect.poll(() => started.output()).toContain('[INFO] plugin/health: Going into lameduck mode for 3s\n')
    expect((await started.ask({ name: 'x' })).rcode).toBe('NOERROR')
    expect(await started.fetch(8080, '/health')).toBe('200 OK')
    expect(await started.fetch(8181, '/ready')).toBe('503 Shutting down')
    await stopping
  })

  it.each([
    { directive: 'health 169.254.20.10 10.96.0.10:8080', message: "unexpected line ending after '10.96.0.10:8080'" },
    { directive: 'health 169.254.20.10', message: 'address 169.254.20.10: missing port in address' },
    { directive: 'health :8080 10.96.0.10:8080', message: "unexpected line ending after '10.96.0.10:8080'" },
    { directive: 'health ::1:8080', message: 'address ::1:8080: too many colons in address' },
    { directive: 'health {\nlameduck\n}', message: 'Wrong argument count' },
    { directive: 'health {\nlameduck 5\n}', message: `unable to parse lameduck duration value: '5'` },
    { directive: 'health {\ngrace 5s\n}', message: "unknown property 'grace'" },
  ])('refuses $directive', ({ directive, message }) => {
    expect(() => startPlugin(healthPlugin, directive)).toThrow(message)
  })
})
