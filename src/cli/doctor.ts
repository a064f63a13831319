// `fathom doctor`: facts, ladder, causes, verdict, report, exit status.
import { systemClock } from '../base/index.ts'
import { podResolvConfOf } from '../doctor/facts/index.ts'
import type { ClusterFacts } from '../doctor/facts/index.ts'
import { diagnose } from '../doctor/index.ts'
import { buildReport, renderReport } from '../doctor/report/index.ts'
import type { DoctorReport } from '../doctor/report/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { parseDoctorArgs } from './doctor/options.ts'
import type { DoctorOptions } from './doctor/options.ts'
import { choosePlaces } from './doctor/origins.ts'
import { openSource } from './sources.ts'

export const doctorCommand: Command = {
  name: 'doctor',
  summary: "find out why a cluster's DNS fails, with proof and fix",
  async run(args, io) {
    const options = parseDoctorArgs(args, io)
    if (options === undefined) return EXIT.ok
    const source = await openSource(options.source, io)
    try {
      for (const note of source.notes) io.stderr.write(`fathom: ${note}\n`)
      const report = await examine(source.facts, options, { io, labVantages: source.vantages })
      io.stdout.write(renderReport(report, options.format, io.color))
      return exitCodeOf(report, options)
    } finally {
      await source.close()
    }
  },
}

async function examine(
  facts: ClusterFacts,
  options: DoctorOptions,
  context: Parameters<typeof choosePlaces>[2],
): Promise<DoctorReport> {
  const { origins, vantages, pod } = choosePlaces(facts, options, context)
  const progress = progressLine(context.io)
  const { name, externalName, timeoutMs, language } = options
  try {
    const diagnosis = await diagnose({
      facts,
      origins,
      clock: systemClock,
      timeoutMs,
      onProgress: progress.show,
      ...(vantages === undefined ? {} : { vantages }),
      ...(externalName === undefined ? {} : { externalName }),
      ...(name === undefined
        ? {}
        : {
            name: { text: name, ...(pod === undefined ? {} : { searches: podResolvConfOf(facts, pod).conf.searches }) },
          }),
    })
    return buildReport(diagnosis, language)
  } finally {
    progress.clear()
  }
}

function exitCodeOf({ outcome, causes }: DoctorReport, { exitZero, failOn }: DoctorOptions): number {
  if (exitZero || outcome === 'healthy') return EXIT.ok
  if (outcome === 'proven' || (failOn === 'suspected' && causes.length > 0)) return EXIT.causeProven
  return EXIT.inconclusive
}

/** One line on a terminal's standard error that is rewritten; nothing anywhere else. */
function progressLine({ stderr }: Io): { show: (done: number, all: number) => void; clear: () => void } {
  const isTerminal = (stderr as Partial<NodeJS.WriteStream>).isTTY === true
  let isShown = false
  return {
    show(done, all) {
      if (!isTerminal) return
      isShown = true
      stderr.write(`\r\u001B[2Kasking: ${done} of ${all}`)
    },
    clear() {
      if (isShown) stderr.write('\r\u001B[2K')
    },
  }
}
