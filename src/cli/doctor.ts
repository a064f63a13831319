// `fathom doctor`: facts, ladder, causes, verdict, report, exit status.
import { buildReport, renderReport } from '../doctor/report/index.ts'
import type { DoctorReport } from '../doctor/report/index.ts'
import { EXIT } from './command.ts'
import type { Command } from './command.ts'
import { examineCluster } from './doctor/examine.ts'
import { parseDoctorArgs } from './doctor/options.ts'
import type { DoctorOptions } from './doctor/options.ts'
import { replayBundle } from './doctor/replay.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  summary: "find out why a cluster's DNS fails, with proof and fix",
  async run(args, io) {
    const options = parseDoctorArgs(args, io)
    if (options === undefined) return EXIT.ok
    const { bundle, language } = options
    const report =
      bundle === undefined
        ? buildReport((await examineCluster(options, io)).diagnosis, language)
        : await replayBundle(bundle, language, io)
    io.stdout.write(renderReport(report, options.format, io.color))
    return exitCodeOf(report, options)
  },
}

function exitCodeOf({ outcome, causes }: DoctorReport, { exitZero, failOn }: DoctorOptions): number {
  if (exitZero || outcome === 'healthy') return EXIT.ok
  if (outcome === 'proven' || (failOn === 'suspected' && causes.length > 0)) return EXIT.causeProven
  return EXIT.inconclusive
}
