// The watch with a scripted diagnosis, and its metrics over real sockets.
import { connect } from 'node:net'
import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../../test/support/causes/index.ts'
import { checkSchema } from '../../../../test/support/check-schema.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import { NO_PROMTOOL, promtool } from '../../../../test/support/promtool.ts'
import { smallCluster } from '../../../../test/support/small-cluster.ts'
import { BaseError, systemClock } from '../../../base/index.ts'
import type { Clock } from '../../../base/index.ts'
import { buildReport } from '../../../doctor/report/index.ts'
import type { DoctorReport } from '../../../doctor/report/index.ts'
import SCHEMA from '../../../../docs/schema/doctor.schema.json' with { type: 'json' }
import type { Io } from '../../command.ts'
import { parseDoctorArgs } from '../options.ts'
import type { DoctorOptions, WatchOptions } from '../options.ts'
import { createDoctorMetrics } from './doctor-metrics.ts'
import { watchCluster } from './watch.ts'

class Unreadable extends BaseError<'unreadable'> {}

const HEALTHY = buildReport(await diagnoseFixture({ cluster: smallCluster() }), 'en')
const DEAD = buildReport(await diagnoseFixture(CAUSE_FIXTURES['upstream-dead'].has()), 'en')
const RUN = { endedAtMs: 1_700_000_000_000, durationMs: 1234 }
/** Pauses end at once, time goes on. */
const HASTY: Clock = { ...systemClock, setTimeout: (callback) => systemClock.setTimeout(callback, 0) }

interface Watched {
  readonly stdout: string
  readonly stderr: string
  readonly report: DoctorReport | undefined
}

/** Runs the watch over a script of runs and stops it in the run after; `during` sees each run. */
async function watch(
  args: readonly string[],
  script: readonly (DoctorReport | Error)[],
  during: (run: number, stderr: string) => Promise<void> | void = () => undefined,
): Promise<Watched> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()]
  const io: Io = { stdout, stderr, stdin: Readable.from([]), env: {}, color: false }
  const parsed = parseDoctorArgs(['--watch', '--interval', '1s', ...args], io)
  const stop = new AbortController()
  let runs = 0
  let errors = ''
  stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  const report = await watchCluster(parsed as DoctorOptions & { readonly watch: WatchOptions }, {
    io,
    clock: HASTY,
    signal: stop.signal,
    async examine() {
      const result = script[runs]
      runs += 1
      await new Promise((resolve) => void setImmediate(resolve))
      await during(runs - 1, errors)
      if (result === undefined) {
        stop.abort()
        return DEAD
      }
      if (result instanceof Error) throw result
      return result
    },
  })
  stdout.end()
  let text = ''
  for await (const chunk of stdout.setEncoding('utf8')) text += String(chunk)
  return { stdout: text, stderr: errors, report }
}

const words = (text: string): string[] =>
  text
    .split('\n')
    .filter((line) => line !== '' && !line.startsWith(' '))
    .map((line) => line.replace(/^\S+ {2}/, '').replace(/[:,].*/, ''))

describe('watchCluster()', () => {
  it('prints changes only, and gives the last report; the run that is cut short counts for nothing', async () => {
    const { stdout, report } = await watch([], [HEALTHY, HEALTHY, DEAD, DEAD, HEALTHY])
    expect(words(stdout)).toEqual([
      'healthy       Healthy',
      'proven        upstream-dead',
      'proven        upstream-dead',
      'healthy       Healthy',
      'gone          upstream-dead 1.2.4.8',
    ])
    expect(report).toBe(HEALTHY)
  })

  it('tells once why a run came to no report, goes on, and tells that it is back', async () => {
    const lost = new Unreadable('unreadable', 'Cannot list services: connection refused')
    const { stdout } = await watch([], [HEALTHY, lost, lost, lost, HEALTHY])
    expect(words(stdout)).toEqual([
      'healthy       Healthy',
      'no verdict    Cannot list services',
      'healthy       Healthy',
    ])
  })

  it('throws what is no fault of the cluster', async () => {
    await expect(watch([], [new TypeError('a defect')])).rejects.toThrow('a defect')
  })

  it('-o json: one document a line for each run that changed something, as its schema says', async () => {
    const { stdout } = await watch(['-o', 'json'], [HEALTHY, HEALTHY, DEAD])
    const documents = stdout
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as DoctorReport)
    expect(documents.map(({ outcome }) => outcome)).toEqual(['healthy', 'proven'])
    for (const document of documents) expect(checkSchema(document, SCHEMA)).toEqual([])
  })

  it('--metrics: serves what was found to GET, and only there', async () => {
    const pages: string[] = []
    await watch(['--metrics', '127.0.0.1:0'], [DEAD], async (run, stderr) => {
      if (run === 0) return
      const url = /http:\S+/.exec(stderr)?.[0] ?? ''
      const reply = await fetch(url)
      expect(reply.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8')
      pages.push(await reply.text())
      expect((await fetch(url, { method: 'POST', body: 'x' })).status).toBe(405)
      expect((await fetch(new URL('/healthz', url))).status).toBe(200)
      expect((await fetch(new URL('/nothing', url))).status).toBe(404)
      const long = await fetch(url, { headers: { 'x-long': 'x'.repeat(10_000) } }).catch(() => undefined)
      expect([undefined, 431]).toContain(long?.status)
      // A head that never ends is cut off, and does not keep the watch from ending either.
      const slow = connect(Number(new URL(url).port), '127.0.0.1')
      slow.on('connect', () => slow.write('GET /metrics HTTP/1.1\r\nx-slow: ')).on('error', () => undefined)
    })
    expect(pages[0]).toContain('fathom_doctor_outcome{outcome="proven"} 1\n')
    expect(pages[0]).toContain('fathom_doctor_cause{code="upstream-dead",status="proven",subject="1.2.4.8"} 1\n')
    expect(pages[0]).toContain('fathom_doctor_runs_total{result="reported"} 1\n')
  })

  it.each([
    { args: ['--interval', '5s'], says: 'Cannot use --interval without --watch' },
    { args: ['--metrics'], says: 'Cannot use --metrics without --watch' },
    { args: ['--watch', '--interval', '0s'], says: 'between 1s and 1d' },
    { args: ['--watch', '--metrics', 'here'], says: 'an address and a port' },
    { args: ['--watch', '--metrics', '127.0.0.1:65536'], says: 'an address and a port' },
    { args: ['--watch', '--allow', 'ephemeral'], says: 'each run would leave a container' },
    { args: ['--watch', '-o', 'html'], says: 'it prints text or json' },
    { args: ['--watch', '--bundle', 'x'], says: 'does not change by itself' },
  ])('refuses $args', ({ args, says }) => {
    const io = { stdout: new PassThrough(), stderr: new PassThrough(), stdin: Readable.from([]), env: {}, color: false }
    expect(() => parseDoctorArgs(args, io)).toThrow(says)
  })
})

describe('createDoctorMetrics()', () => {
  it('shows the findings of the last run only, and none when it came to no report', () => {
    const metrics = createDoctorMetrics()
    metrics.reported(DEAD, RUN)
    expect(metrics.render()).toContain('fathom_doctor_last_run_timestamp_seconds 1700000000\n')
    metrics.reported(HEALTHY, RUN)
    expect(metrics.render()).not.toContain('fathom_doctor_cause{')
    expect(metrics.render()).toContain('fathom_doctor_outcome{outcome="healthy"} 1\n')
    metrics.failed(RUN)
    const text = metrics.render()
    expect(text).not.toContain('fathom_doctor_outcome{')
    expect(text).toContain('fathom_doctor_runs_total{result="failed"} 1\n')
    expect(text).toContain('fathom_doctor_run_duration_seconds_count 3\n')
  })

  it('counts probes by purpose, hop and transport, and the time of those that brought a response', () => {
    const metrics = createDoctorMetrics()
    metrics.reported(DEAD, RUN)
    const silent = DEAD.ladder.filter(
      ({ hop, purpose, transport, result }) =>
        hop === 'upstream' && purpose === 'external' && transport === 'udp' && result === 'failed',
    )
    expect(silent.length).toBeGreaterThan(0)
    expect(metrics.render()).toContain(
      `fathom_doctor_probes_total{hop="upstream",purpose="external",result="failed",transport="udp"} ${silent.length}\n`,
    )
  })

  it('has a bounded number of series, whatever a cluster has wrong with it', () => {
    const [cause] = DEAD.causes
    if (cause === undefined) throw new Error('no cause')
    const many = Array.from({ length: 500 }, (_, index) => ({
      ...cause,
      subject: { ...cause.subject, name: `n${index}` },
    }))
    const metrics = createDoctorMetrics()
    metrics.reported({ ...DEAD, causes: many }, RUN)
    const series = metrics.render().match(/^fathom_doctor_cause\{.*/gm)
    expect(series?.length).toBe(21)
    expect(series?.join('\n')).toContain('subject="(others)"')
  })

  it('is what promtool accepts', ({ skip }) => {
    const metrics = createDoctorMetrics()
    metrics.reported(DEAD, RUN)
    const checked = promtool(['check', 'metrics'], metrics.render())
    skip(checked === undefined, NO_PROMTOOL)
    expect(checked).toEqual({ status: 0, said: '' })
  })
})
