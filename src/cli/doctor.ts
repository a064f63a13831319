// `fathom doctor`: facts, ladder, causes, verdict, report, exit status.
import { systemClock } from '../base/index.ts'
import { podResolvConfOf } from '../doctor/facts/index.ts'
import { diagnose } from '../doctor/index.ts'
import type { LogRequest } from '../doctor/index.ts'
import { buildReport, renderReport } from '../doctor/report/index.ts'
import type { DoctorReport } from '../doctor/report/index.ts'
import { podLogPath } from '../kube/api/index.ts'
import type { KubeClient } from '../kube/api/index.ts'
import { groupObjects, readList } from '../kube/objects/index.ts'
import type { Pod } from '../kube/objects/index.ts'
import { apiVantages } from '../vantage/index.ts'
import type { Vantages } from '../vantage/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { parseDoctorArgs } from './doctor/options.ts'
import type { DoctorOptions } from './doctor/options.ts'
import { choosePlaces } from './doctor/origins.ts'
import { openSource } from './sources.ts'
import type { OpenSource } from './sources.ts'

const LOG_LINES = 5000
const MAX_LOG_OCTETS = 4 * 1024 * 1024

export const doctorCommand: Command = {
  name: 'doctor',
  summary: "find out why a cluster's DNS fails, with proof and fix",
  async run(args, io) {
    const options = parseDoctorArgs(args, io)
    if (options === undefined) return EXIT.ok
    const placesOf = options.allow.has('exec') ? nodesByExec : undefined
    const source = await openSource(options.source, io, { placesOf })
    try {
      for (const note of source.notes) io.stderr.write(`fathom: ${note}\n`)
      const report = await examine(source, options, io)
      io.stdout.write(renderReport(report, options.format, io.color))
      return exitCodeOf(report, options)
    } finally {
      await source.close()
    }
  },
}

/** Nodes as their own pods show them: those of kube-system, which are listed for that. */
function nodesByExec(client: KubeClient): Vantages {
  const pods = async (): Promise<readonly Pod[]> => {
    const list = await client.getJson('/api/v1/namespaces/kube-system/pods')
    return groupObjects([readList(list)]).pods
  }
  return apiVantages({ client, pods, allowExec: true })
}

async function examine(source: OpenSource, options: DoctorOptions, io: Io): Promise<DoctorReport> {
  const { facts, client } = source
  const { origins, vantages, pod } = choosePlaces(facts, options, { io, labVantages: source.vantages, client })
  const progress = progressLine(io)
  const { name, type, externalName, timeoutMs, language } = options
  const searches = pod === undefined ? {} : { searches: podResolvConfOf(facts, pod).conf.searches }
  try {
    const diagnosis = await diagnose({
      facts,
      origins,
      clock: systemClock,
      timeoutMs,
      onProgress: progress.show,
      ...(vantages === undefined ? {} : { vantages }),
      ...(client === undefined ? {} : { readLog: (request: LogRequest) => readLog(client, request) }),
      ...(externalName === undefined ? {} : { externalName }),
      ...(name === undefined ? {} : { name: { text: name, ...(type === undefined ? {} : { type }), ...searches } }),
    })
    return buildReport(diagnosis, language)
  } finally {
    progress.clear()
  }
}

/** The end of a container's log; undefined where it cannot be read: causes that need it then say so. */
async function readLog(client: KubeClient, request: LogRequest): Promise<string | undefined> {
  const { namespace, pod, container, isPrevious } = request
  const query = {
    tailLines: LOG_LINES,
    limitBytes: MAX_LOG_OCTETS,
    ...(container === undefined ? {} : { container }),
    ...(isPrevious ? { previous: 'true' } : {}),
  }
  return client.getText(podLogPath({ namespace, name: pod }), { query, timeoutMs: 3000 }).catch(() => undefined)
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
