// `fathom doctor`: facts, ladder, causes, verdict, report, exit status.
import { systemClock } from '../base/index.ts'
import { buildReport, renderReport } from '../doctor/report/index.ts'
import type { DoctorReport } from '../doctor/report/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { examineCluster } from './doctor/examine.ts'
import { parseDoctorArgs } from './doctor/options.ts'
import type { DoctorOptions, WatchOptions } from './doctor/options.ts'
import { replayBundle } from './doctor/replay.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  summary: "find out why a cluster's DNS fails, with proof and fix",
  async run(args, io) {
    const options = parseDoctorArgs(args, io)
    if (options === undefined) return EXIT.ok
    const { bundle, language, watch } = options
    if (watch !== undefined) return watchUntilStopped({ ...options, watch }, io)
    const report =
      bundle === undefined
        ? buildReport((await examineCluster(options, io)).diagnosis, language)
        : await replayBundle(bundle, language, io)
    io.stdout.write(renderReport(report, options.format, io.color))
    return exitCodeOf(report, options)
  },
}

/** Until Ctrl-C or SIGTERM; a second one ends the process at once, as without us. */
async function watchUntilStopped(options: DoctorOptions & { readonly watch: WatchOptions }, io: Io): Promise<number> {
  const { watchCluster } = await import('./doctor/watch/watch.ts')
  const stop = new AbortController()
  const onSignal = (): void => stop.abort()
  const signals = ['SIGINT', 'SIGTERM'] as const
  for (const signal of signals) process.once(signal, onSignal)
  try {
    const report = await watchCluster(options, {
      io,
      clock: systemClock,
      signal: stop.signal,
      examine: async (signal) => buildReport((await examineCluster(options, io, signal)).diagnosis, options.language),
    })
    return report === undefined ? EXIT.inconclusive : exitCodeOf(report, options)
  } finally {
    for (const signal of signals) process.off(signal, onSignal)
  }
}

function exitCodeOf({ outcome, causes }: DoctorReport, { exitZero, failOn }: DoctorOptions): number {
  if (exitZero || outcome === 'healthy') return EXIT.ok
  if (outcome === 'proven' || (failOn === 'suspected' && causes.length > 0)) return EXIT.causeProven
  return EXIT.inconclusive
}
