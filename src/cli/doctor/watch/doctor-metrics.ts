// What the watching doctor found, as Prometheus metrics. Names as Prometheus wants them: base units, _total for counters.
import { PROGRAM_VERSION } from '../../../base/index.ts'
import type { DoctorReport, ReportFinding, ReportRung } from '../../../doctor/report/index.ts'
import { createMetrics } from '../../../server/index.ts'
import type { MetricsRegistry } from '../../../server/index.ts'

/** Counts runs and keeps the last one's findings. */
export interface DoctorMetrics {
  /** A run came to a report. */
  reported(report: DoctorReport, run: RunTimes): void
  /** A run came to none: the API server could not be read. Findings of earlier runs are shown no more. */
  failed(run: RunTimes): void
  /** The text exposition format 0.0.4. */
  render(): string
}

export interface RunTimes {
  /** Milliseconds since the epoch when it ended. */
  readonly endedAtMs: number
  readonly durationMs: number
}

/** Series of causes at most; what goes beyond stands under the subject `(others)` of its code. */
const MAX_SUBJECTS_PER_CODE = 20
const OTHERS = '(others)'

const OUTCOMES = ['healthy', 'inconclusive', 'proven'] as const
const RUN_BUCKETS = [0.5, 1, 2.5, 5, 10, 20, 30, 60, 120, 300, 600]
/** From an answer on the same node to a resolver's patience. */
const PROBE_BUCKETS = [0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5]

/** Makes the metrics of one watch. */
export function createDoctorMetrics(): DoctorMetrics {
  const counting = createMetrics()
  const counters = registerCounters(counting)
  // Findings come and go: their registry is made anew with each run, so that nothing of old ones is left.
  let findings = createMetrics()

  const ran = (result: 'failed' | 'reported', { durationMs }: RunTimes): void => {
    counters.runs.inc([result])
    counters.runDuration.observe(durationMs / 1000)
  }
  return {
    reported(report, run) {
      ran('reported', run)
      for (const rung of report.ladder) countProbe(counters, rung)
      findings = createMetrics()
      showFindings(findings, report, run)
    },
    failed(run) {
      ran('failed', run)
      findings = createMetrics()
    },
    render: () => counting.render() + findings.render(),
  }
}

type Counters = ReturnType<typeof registerCounters>

function registerCounters(metrics: MetricsRegistry) {
  const probe = ['purpose', 'hop', 'transport'] as const
  metrics
    .gauge({ name: 'fathom_doctor_build_info', help: 'Always 1; the version of the program.', labels: ['version'] })
    .set(1, [PROGRAM_VERSION])
  const runs = metrics.counter({
    name: 'fathom_doctor_runs_total',
    help: 'Runs of the whole diagnosis; failed ones could not read the cluster.',
    labels: ['result'],
  })
  for (const result of ['reported', 'failed']) runs.inc([result], 0)
  return {
    runs,
    runDuration: metrics.histogram({
      name: 'fathom_doctor_run_duration_seconds',
      help: 'Time that a run of the whole diagnosis took.',
      buckets: RUN_BUCKETS,
    }),
    probes: metrics.counter({
      name: 'fathom_doctor_probes_total',
      help: 'Questions put to servers, by what became of them; those that were skipped were not asked.',
      labels: [...probe, 'result'],
    }),
    probeDuration: metrics.histogram({
      name: 'fathom_doctor_probe_duration_seconds',
      help: 'Time until the response of those probes that brought one.',
      labels: probe,
      buckets: PROBE_BUCKETS,
    }),
  }
}

function countProbe({ probes, probeDuration }: Counters, rung: ReportRung): void {
  const { purpose, hop, transport, result, rttMs, repeats } = rung
  const labels = [purpose, hop, transport]
  if (repeats === undefined) probes.inc([...labels, result])
  else {
    if (repeats.ok > 0) probes.inc([...labels, 'ok'], repeats.ok)
    if (repeats.failed > 0) probes.inc([...labels, 'failed'], repeats.failed)
  }
  if (rttMs !== null) probeDuration.observe(rttMs / 1000, labels)
}

function showFindings(metrics: MetricsRegistry, report: DoctorReport, { endedAtMs }: RunTimes): void {
  metrics
    .gauge({
      name: 'fathom_doctor_last_run_timestamp_seconds',
      help: 'When the last run that came to a report ended.',
    })
    .set(endedAtMs / 1000)
  const outcome = metrics.gauge({
    name: 'fathom_doctor_outcome',
    help: 'The outcome of the last run: 1 for the one that it is, 0 for the others.',
    labels: ['outcome'],
  })
  for (const one of OUTCOMES) outcome.set(Number(one === report.outcome), [one])
  const cause = metrics.gauge({
    name: 'fathom_doctor_cause',
    help: 'A cause that the last run found: always 1, by its code, whether it is proven, and the thing at fault.',
    labels: ['code', 'status', 'subject'],
  })
  for (const labels of causeLabels(report.causes)) cause.set(1, labels)
  metrics
    .gauge({
      name: 'fathom_doctor_unexplained_probes',
      help: 'Probes of the last run that failed and that no proven cause explains.',
    })
    .set(report.unexplained.length)
}

/** Each code and status with a bounded number of subjects. */
function causeLabels(causes: readonly ReportFinding[]): (readonly string[])[] {
  const subjects = new Map<string, number>()
  return causes.map(({ code, status, subject }) => {
    const count = (subjects.get(code) ?? 0) + 1
    subjects.set(code, count)
    return [code, status, count > MAX_SUBJECTS_PER_CODE ? OTHERS : subject.name]
  })
}
