// `fathom capture`: takes packets from this machine's or a pod's network namespace, writes them to a file, shows what they say.
import { Command as Commander, Option } from 'commander'
import { CaptureAnalysis, createReport } from '../analysis/index.ts'
import { UsageError } from '../base/index.ts'
import { DEFAULT_EXPRESSION, LiveCapture, compileExpression } from '../capture/index.ts'
import type { FrameSink, WrittenFormat } from '../capture/index.ts'
import { openCaptureWriter } from './capture/capture-writer.ts'
import { LiveView } from './capture/live-view.ts'
import { locateNamespace } from './capture/locate-namespace.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { addPlainOptions, outputOption, parseCommandLine } from './command-line.ts'
import { parseDuration } from './duration.ts'
import { loadNames } from './pcap/address-names.ts'
import { PacketPrinter } from './pcap/packet-printer.ts'
import { renderSummary } from './pcap/render-summary.ts'
import { exitCodeOf } from './pcap/verdict.ts'
import type { PlaceOptions } from './place/place-options.ts'
import { addSourceOptions, normalizeSourceArgs } from './sources.ts'
import type { SourceOptions } from './sources.ts'

interface CaptureOptions extends SourceOptions, Pick<PlaceOptions, 'in' | 'netns' | 'pid'> {
  readonly interface: string
  readonly count?: string
  readonly duration?: string
  readonly port?: readonly string[]
  readonly write?: string
  readonly format?: WrittenFormat
  readonly packets?: true
  readonly output: 'json' | 'text'
}

export const captureCommand: Command = {
  name: 'capture',
  summary: 'take packets here or inside a pod, and say what is wrong on the wire',
  async run(args, io) {
    const parsed = parseArguments(args, io)
    if (parsed === undefined) return EXIT.ok
    const { expression, options } = parsed
    const ports = (options.port ?? []).map((port) => readPort(port))
    const wanted =
      expression === '' ? [DEFAULT_EXPRESSION, ...ports.map((port) => `port ${port}`)].join(' or ') : expression
    const filter = compileExpression(wanted)
    const limit = options.count === undefined ? Infinity : readCount(options.count)
    const durationMs = options.duration === undefined ? undefined : readDuration(options.duration)
    const isTerminal = (io.stdout as Partial<NodeJS.WriteStream>).isTTY === true
    const toStdout = options.write === '-'
    if (toStdout) rejectMixedOutput(options, isTerminal)
    const known = await loadNames(options, io)
    const netns = await locateNamespace(options)
    const capture = new LiveCapture({ interfaceName: options.interface, filter, netns })
    const hasView = isTerminal && options.packets !== true && options.output === 'text'
    const view = hasView ? new LiveView(io) : undefined
    const analysis = new CaptureAnalysis({ ...view?.hooks, ports })
    const sinks: FrameSink[] = [(frame) => analysis.frame(frame)]
    const stop = (): void => capture.close()
    const file = options.write === undefined ? undefined : openCaptureWriter(options.write, options.format, stop)
    if (file !== undefined) sinks.push(file.sink)
    if (options.packets === true || (view === undefined && file === undefined && options.output === 'text')) {
      const printer = new PacketPrinter((text) => io.stdout.write(text), { ports })
      sinks.push((frame) => printer.print(frame))
    }
    const place = netns === undefined ? options.interface : `${options.interface} in ${netns}`
    io.stderr.write(`fathom: capturing on ${place}, filter "${wanted}"\n`)
    process.on('SIGINT', stop)
    process.on('SIGTERM', stop)
    const timer = durationMs === undefined ? undefined : setTimeout(stop, durationMs)
    view?.start(analysis)
    let endMicros = 0
    try {
      await capture.run((frame) => {
        for (const sink of sinks) sink(frame)
        if (frame.number >= limit) capture.close()
      })
    } finally {
      endMicros = Date.now() * 1000
      clearTimeout(timer)
      process.off('SIGINT', stop)
      process.off('SIGTERM', stop)
      view?.close()
      file?.close({ endMicros, droppedFrames: capture.dropped })
    }
    const lastAtMicros = analysis.lastAtMicros
    analysis.finish(analysis.frames === 0 ? 0 : endMicros)
    const report = createReport(analysis, undefined, known)
    if (options.output === 'json') io.stdout.write(`${JSON.stringify(report, null, 2)}\n`)
    else {
      const isForStdout = view !== undefined || (file !== undefined && !toStdout)
      ;(isForStdout ? io.stdout : io.stderr).write(renderSummary(report, io.color && view !== undefined))
    }
    io.stderr.write(`fathom: ${analysis.frames} packets captured, ${capture.dropped} dropped by the kernel\n`)
    const quietSeconds = (endMicros - lastAtMicros) / 1e6
    if (file?.format === 'pcap' && report.dns.unanswered > 0 && quietSeconds >= 1)
      io.stderr.write(endIsLost(quietSeconds))
    return exitCodeOf(report)
  },
}

/** Why the file will look otherwise: what waited at its last packet did so until the capture's end. */
function endIsLost(quietSeconds: number): string {
  return `fathom: the last packet came ${quietSeconds.toFixed(1)} s before the end, which a pcap file does not keep: read from it, what had no response then counts as unknown, not as unanswered (-w FILE.pcapng keeps it)\n`
}

/** @throws {UsageError} when something else than the capture would go to standard output */
function rejectMixedOutput({ packets, output }: CaptureOptions, isTerminal: boolean): void {
  const other = packets === true ? '--packets' : output === 'json' ? '-o json' : undefined
  if (other !== undefined)
    throw new UsageError('bad-argument', `Cannot use -w - and ${other} together: both write to standard output`)
  if (isTerminal) {
    throw new UsageError(
      'bad-argument',
      'Cannot use -w -: standard output is a terminal; give a file, or pass it to a program: fathom capture -w - | tshark -r -',
    )
  }
}

// --- Arguments ---

/** Undefined: help was asked for and printed. @throws {UsageError} */
function parseArguments(args: readonly string[], io: Io): { expression: string; options: CaptureOptions } | undefined {
  const program = addSourceOptions(
    new Commander('fathom capture')
      .usage('[options] [EXPRESSION]')
      .description(captureCommand.summary)
      .argument(
        '[expression...]',
        'port N, host A, udp, tcp, icmp, vxlan, fragment, dns; and, or, not, parentheses (default: dns)',
      ),
  )
    .option('-i, --interface <name>', 'interface, or "any"', 'any')
    .option('--in <place>', 'capture inside: POD, NAMESPACE/POD or node/NODE of this machine or of --lab')
    .option('--netns <name>', 'capture in a network namespace: a path, or a name under /run/netns')
    .option('--pid <pid>', "capture in a process's network namespace")
    .option('-c, --count <packets>', 'stop after so many packets')
    .option('--duration <duration>', 'stop after so long, such as 10s')
    .option(
      '--port <port>',
      'port that DNS is on besides 53, and that is captured by default; may be repeated',
      appendTo,
    )
    .option('-w, --write <file>', 'write the packets to a file, "-": standard output')
    .addOption(new Option('--format <format>', 'of the file; default: by its name').choices(['pcap', 'pcapng']))
    .option('--packets', 'print each packet, also on a terminal')
    .addOption(outputOption(['text', 'json'], 'format of the summary'))
  if (!parseCommandLine(addPlainOptions(program).addHelpText('after', EXAMPLES), normalizeSourceArgs(args), { io }))
    return undefined
  return { expression: program.args.join(' '), options: program.opts() }
}

const EXAMPLES = `
Examples:
  fathom capture
  fathom capture --in shop/web-0 -w dns.pcapng port 53 and host 10.96.0.10
  fathom capture --lab --in node/node1
  fathom capture --port 1053
  fathom capture -i any -c 1000 --packets 'udp port 53 or vxlan'

Exit codes: 0 no fault seen, 1 a fault was seen, 2 usage or not allowed, 3 nothing proven:
no DNS was captured, nothing answered, or queries unanswered without a pattern`

function appendTo(value: string, earlier: readonly string[] = []): readonly string[] {
  return [...earlier, value]
}

function readPort(text: string): number {
  const port = Number(text)
  if (/^\d+$/.test(text) && port >= 1 && port <= 65_535) return port
  throw new UsageError('bad-argument', `Cannot use --port ${text}: give a number from 1 to 65535`)
}

function readCount(text: string): number {
  const count = Number(text)
  if (Number.isSafeInteger(count) && count > 0) return count
  throw new UsageError('bad-argument', `Cannot use -c ${text}: give a number of packets from 1`)
}

function readDuration(text: string): number {
  const ms = parseDuration(text)
  if (ms > 0 && ms <= 86_400_000) return ms
  throw new UsageError('bad-argument', `Cannot use --duration ${text}: give a duration up to a day, such as 10s`)
}
