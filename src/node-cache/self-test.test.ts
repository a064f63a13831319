import { once } from 'node:events'
import { createSocket } from 'node:dgram'
import { afterEach, describe, expect, it } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import { startScriptedServer } from '../../test/support/scripted-server.ts'
import type { ScriptedServer } from '../../test/support/scripted-server.ts'
import { response } from '../dns/index.ts'
import type { Endpoint } from '../net/exchange-result.ts'
import { createMetrics } from '../server/index.ts'
import { startSelfTest } from './self-test.ts'

let upstream: ScriptedServer | undefined

afterEach(async () => {
  await upstream?.close()
  upstream = undefined
})

/** A port that refuses both transports. */
async function closedPort(): Promise<Endpoint> {
  const socket = createSocket('udp4').bind(0, '127.0.0.1')
  await once(socket, 'listening')
  const { port } = socket.address()
  socket.close()
  await once(socket, 'close')
  return { address: '127.0.0.1', port }
}

function start(server: () => Endpoint) {
  const lines: string[] = []
  const metrics = createMetrics()
  const clock = createFakeClock()
  const test = startSelfTest({
    server,
    service: '10.233.0.3',
    name: 'kubernetes.default.svc.cluster.local.',
    intervalMs: 30_000,
    clock,
    metrics,
    say: (line) => lines.push(line),
  })
  const value = (series: string): string | undefined =>
    metrics
      .render()
      .split('\n')
      .find((line) => line.startsWith(`${series} `))
      ?.slice(series.length + 1)
  return { test, clock, lines, value }
}

describe('startSelfTest()', () => {
  it('asks over both transports; any response counts, NXDOMAIN too', async () => {
    const answering = await startScriptedServer(({ message }) => [
      { kind: 'send', message: response(message, { rcode: 'NXDOMAIN' }) },
    ])
    upstream = answering
    const { test, value, lines } = start(() => answering)
    await expect.poll(() => value('fathom_nodecache_self_tests_total{proto="tcp",result="NXDOMAIN"}')).toBe('1')
    await expect.poll(() => value('fathom_nodecache_self_tests_total{proto="udp",result="NXDOMAIN"}')).toBe('1')
    expect(value('fathom_nodecache_upstream_up{proto="udp"}')).toBe('1')
    expect(value('fathom_nodecache_self_test_duration_seconds_count{proto="tcp"}')).toBe('1')
    expect(lines).toEqual([])
    test.stop()
  })

  it('says once that a transport fails and once that it works again, and asks sooner meanwhile', async () => {
    let server = await closedPort()
    const { test, clock, value, lines } = start(() => server)
    await expect.poll(() => lines.length).toBe(2)
    expect(lines.sort()[0]).toMatch(/^\[WARNING\] Self-test: 10\.233\.0\.3:53 over TCP does not respond: refused/)
    expect(value('fathom_nodecache_upstream_up{proto="tcp"}')).toBe('0')
    await expect.poll(() => clock.pending()).toBe(1)
    await clock.advance(5000)
    await expect.poll(() => value('fathom_nodecache_self_tests_total{proto="tcp",result="refused"}')).toBe('2')
    await expect.poll(() => clock.pending()).toBe(1)
    expect(lines).toHaveLength(2)
    upstream = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
    server = upstream
    await clock.advance(5000)
    await expect
      .poll(() => lines.slice(2).sort())
      .toEqual([
        '[INFO] Self-test: 10.233.0.3:53 over TCP responds again',
        '[INFO] Self-test: 10.233.0.3:53 over UDP responds again',
      ])
    test.stop()
  })
})
