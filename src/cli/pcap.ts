// `fathom pcap`: reads a capture and says what is wrong on the wire.
import { Command as Commander } from 'commander'
import type { CommanderError } from 'commander'
import { CaptureAnalysis, createReport } from '../analysis/index.ts'
import type { AddressNames } from '../analysis/index.ts'
import { UsageError } from '../base/index.ts'
import { CaptureError, readCapture } from '../capture/index.ts'
import type { CaptureFile } from '../capture/index.ts'
import { rcodeMnemonic, rcodeNumber } from '../dns/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { addPlainOptions, outputOption, parseCommandLine } from './command-line.ts'
import { usageErrorOf } from './commander-error.ts'
import { loadNames } from './pcap/address-names.ts'
import { BufferedOutput } from './pcap/buffered-output.ts'
import { collectFlow } from './pcap/collect-flow.ts'
import { describeFlow, renderFlow } from './pcap/flow.ts'
import type { Flow } from './pcap/flow.ts'
import { openInput } from './pcap/open-input.ts'
import { PacketPrinter } from './pcap/packet-printer.ts'
import { readInto } from './pcap/read-into.ts'
import { renderPage } from './pcap/render-page.ts'
import { renderSummary } from './pcap/render-summary.ts'
import { formatTransaction, transactionHeading } from './pcap/transaction-table.ts'
import type { TransactionFilter } from './pcap/transaction-table.ts'
import { exitCodeOf } from './pcap/verdict.ts'
import { addSourceOptions, normalizeSourceArgs } from './sources.ts'
import type { SourceOptions } from './sources.ts'

interface PcapOptions extends SourceOptions, Omit<TransactionFilter, 'slowMs'> {
  readonly summary?: true
  readonly transactions?: true
  readonly packets?: true
  readonly flow?: string
  readonly slow?: string
  readonly port?: readonly string[]
  readonly output: 'html' | 'json' | 'text'
}

export const pcapCommand: Command = {
  name: 'pcap',
  summary: 'read a capture of packets and say what is wrong on the wire',
  async run(args, io) {
    const parsed = parseArguments(args, io)
    if (parsed === undefined) return EXIT.ok
    return read(parsed, io).catch((error: unknown) => {
      throw namingFile(error, parsed.file)
    })
  },
}

async function read({ file, options }: Parsed, io: Io): Promise<number> {
  const ports = (options.port ?? []).map((port) => readNumber('--port', port, { from: 1, to: 65_535 }))
  if (options.packets === true) return printPackets(file, io, ports)
  const known = await loadNames(options, io)
  const number = options.flow === undefined ? undefined : readNumber('--flow', options.flow, { from: 1, to: 2 ** 31 })
  if (number !== undefined && options.output === 'text') return printFlow(file, io, { ports, known, number })
  if (options.transactions === true) return printTransactions(file, io, { ports, known, filter: filterOf(options) })
  if (number !== undefined) return printFlowPage(file, io, { ports, known, number })
  const analysis = new CaptureAnalysis({ ports })
  const capture = await readInto(analysis, file, io)
  analysis.finish(capture.endMicros)
  const report = createReport(analysis, capture, known)
  if (options.output === 'html') io.stdout.write(renderPage(report, undefined))
  else {
    const text = options.output === 'json' ? `${JSON.stringify(report, null, 2)}\n` : renderSummary(report, io.color)
    io.stdout.write(text)
  }
  return exitCodeOf(report)
}

/** Says of a file that is no capture which one it is: what reads its octets does not know. */
function namingFile(error: unknown, file: string): unknown {
  if (!(error instanceof CaptureError) || error.code !== 'not-a-capture') return error
  const name = file === '-' ? 'standard input' : file
  const message = error.message.replace(/^Cannot read capture:/, `Cannot read ${name}:`)
  return new CaptureError(error.code, error.byteOffset, message, { cause: error.cause })
}

// --- The other outputs ---

async function printPackets(file: string, io: Io, ports: readonly number[]): Promise<number> {
  const output = new BufferedOutput(io.stdout)
  const printer = new PacketPrinter((text) => output.write(text), { ports })
  const chunks = output.paced(openInput(file, io))
  const read = await readCapture(chunks, (frame) => printer.print(frame))
  await output.end()
  warnIfCutShort(file, io, read)
  return EXIT.ok
}

/** The summary has a pattern for it; the other outputs have no place. */
function warnIfCutShort(file: string, io: Io, { cutShort }: CaptureFile): void {
  if (cutShort !== undefined) io.stderr.write(`fathom: ${file}: cut short: ${cutShort}\n`)
}

interface Wanted {
  readonly ports: readonly number[]
  readonly known: AddressNames | undefined
}

async function printTransactions(
  file: string,
  io: Io,
  { ports, known, filter }: Wanted & { readonly filter: TransactionFilter },
): Promise<number> {
  const output = new BufferedOutput(io.stdout)
  let shown = 0
  output.write(`${transactionHeading(known !== undefined)}\n`)
  const analysis: CaptureAnalysis = new CaptureAnalysis({
    ports,
    onTransaction: (transaction) => {
      const line = formatTransaction(analysis, transaction, { filter, known })
      if (line === undefined) return
      shown += 1
      output.write(`${line}\n`)
    },
  })
  const read = await readCapture(output.paced(openInput(file, io)), (frame) => analysis.frame(frame))
  analysis.finish(read.endMicros)
  await output.end()
  const { transactions } = analysis.traffic
  if (shown < transactions || transactions === 0)
    io.stderr.write(`fathom: ${shown} of ${transactions} transactions shown\n`)
  warnIfCutShort(file, io, read)
  return EXIT.ok
}

interface WantedFlow extends Wanted {
  readonly number: number
}

async function printFlow(file: string, io: Io, wanted: WantedFlow): Promise<number> {
  const { flow, read } = await readFlow(file, io, wanted)
  io.stdout.write(renderFlow(flow))
  warnIfCutShort(file, io, read)
  return EXIT.ok
}

async function printFlowPage(file: string, io: Io, wanted: WantedFlow): Promise<number> {
  const { analysis, read, flow } = await readFlow(file, io, wanted)
  const report = createReport(analysis, read, wanted.known)
  io.stdout.write(renderPage(report, flow))
  return exitCodeOf(report)
}

/** @throws {UsageError} when there is no such transaction */
async function readFlow(
  file: string,
  io: Io,
  { ports, known, number }: WantedFlow,
): Promise<{ readonly analysis: CaptureAnalysis; readonly read: CaptureFile; readonly flow: Flow }> {
  const { steps, ...hooks } = collectFlow(number)
  const analysis = new CaptureAnalysis({ ports, ...hooks })
  const read = await readCapture(openInput(file, io), (frame) => analysis.frame(frame))
  analysis.finish(read.endMicros)
  const flow = describeFlow(analysis, { number, steps: steps(), known })
  if (flow !== undefined) return { analysis, read, flow }
  throw new UsageError(
    'bad-argument',
    `Cannot show flow ${number}: the capture has ${analysis.traffic.transactions} transactions`,
  )
}

// --- Arguments ---

interface Parsed {
  readonly file: string
  readonly options: PcapOptions
}

/** Undefined: help was asked for and printed. @throws {UsageError} */
function parseArguments(args: readonly string[], io: Io): Parsed | undefined {
  const program = addSourceOptions(
    new Commander('fathom pcap')
      .usage('FILE|- [options]')
      .description(pcapCommand.summary)
      .argument('<file>', 'pcap or pcapng file, also gzip; "-": standard input'),
  )
    .option('--summary', 'verdict, patterns with their proof, figures (default)')
    .option('--transactions', 'one line for each query with its response')
    .option('--packets', "one line for each packet, in tcpdump's layout")
    .option('--flow <number>', 'one transaction over all its legs')
    .option('--name <text>', 'transactions whose name has this text in it')
    .option('--client <address>', 'transactions of the client with this address, or with this in its name')
    .option('--server <address>', 'transactions with such a server or endpoint')
    .option('--rcode <rcode>', 'transactions with this rcode')
    .option('--slow <ms>', 'transactions that took at least so long')
    .option('--unanswered', 'transactions without a response')
    .option('--port <port...>', 'ports that DNS is on besides 53')
    .addOption(outputOption(['text', 'json', 'html'], 'output format of the summary; html also of a flow'))
  addPlainOptions(program).addHelpText('after', EXAMPLES)
  const complain = (error: CommanderError): UsageError => describeMistake(error, program, args)
  if (!parseCommandLine(program, normalizeSourceArgs(args), { io, complain })) return undefined
  const options = program.opts<PcapOptions>()
  const modes = (['summary', 'transactions', 'packets', 'flow'] as const).filter((mode) => options[mode] !== undefined)
  if (modes.length > 1) {
    throw new UsageError('bad-argument', `Cannot use --${modes.join(' and --')} together: choose one output`)
  }
  const filters = (['name', 'client', 'server', 'rcode', 'slow', 'unanswered'] as const).filter(
    (key) => options[key] !== undefined,
  )
  if (filters.length > 0 && options.transactions === undefined) {
    throw new UsageError('bad-argument', `Cannot use --${filters[0]} without --transactions: it chooses among them`)
  }
  const mode = modes[0]
  const fits = mode === undefined || mode === 'summary' || (mode === 'flow' && options.output === 'html')
  if (options.output !== 'text' && !fits)
    throw new UsageError('bad-argument', `Cannot use -o ${options.output} with --${mode}: its output is text`)
  return { file: program.args[0] ?? '', options }
}

const EXAMPLES = `
Examples:
  fathom pcap dns.pcap
  fathom pcap dns.pcap --transactions --unanswered
  fathom pcap dns.pcap --flow 7 -o html > flow.html
  tcpdump -i any -w - port 53 | fathom pcap - --lab
  fathom pcap dns.pcap --port 1053

Exit codes: 0 no fault seen, 1 a fault was seen, 2 usage, 3 nothing proven:
no DNS in the capture, nothing answered, or queries unanswered without a pattern. --transactions,
--packets and --flow in text judge nothing and give 0`

function describeMistake(error: CommanderError, program: Commander, args: readonly string[]): UsageError {
  const greedy = ['--manifests', '--port', '--as-group'].find((option) => args.includes(option))
  if (error.code !== 'commander.missingArgument' || greedy === undefined) return usageErrorOf(error, program)
  return new UsageError(
    'bad-argument',
    `Missing the capture file: ${greedy} takes every word behind it; put the file before it, or "--" between them`,
  )
}

function filterOf({ name, client, server, rcode, slow, unanswered }: PcapOptions): TransactionFilter {
  const slowMs = slow === undefined ? undefined : readNumber('--slow', slow.replace(/ms$/, ''), { from: 0, to: 1e9 })
  return { name, client, server, rcode: rcode === undefined ? undefined : readRcode(rcode), slowMs, unanswered }
}

/** The mnemonic as a table shows it. */
function readRcode(text: string): string {
  const number = rcodeNumber(text)
  if (number !== undefined) return rcodeMnemonic(number)
  throw new UsageError(
    'bad-argument',
    `Cannot use --rcode ${text}: give an rcode such as NXDOMAIN, SERVFAIL or RCODE24`,
  )
}

function readNumber(
  option: string,
  text: string,
  { from, to }: { readonly from: number; readonly to: number },
): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= from && value <= to) return value
  throw new UsageError('bad-argument', `Cannot use ${option} ${text}: give a number from ${from} to ${to}`)
}
