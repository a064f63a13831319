// `fathom trace`: what the resolver of a pod would send, asked for real from the pod's own place, hop by hop.
import { Command as Commander, Option } from 'commander'
import { UsageError, shellWord } from '../base/index.ts'
import { parseName, reverseName, typeMnemonic, typeNumber } from '../dns/index.ts'
import { translateReason } from '../doctor/report/translate-reason.ts'
import { LANGUAGES } from '../doctor/report/index.ts'
import type { Language } from '../doctor/report/index.ts'
import { podResolvConfOf } from '../doctor/facts/index.ts'
import { createExpect } from '../doctor/ladder/index.ts'
import type { ClusterFacts } from '../doctor/facts/index.ts'
import { RESOLVER_NAMES } from '../route/index.ts'
import type { ResolverName } from '../route/index.ts'
import type { EphemeralConsent, Place } from '../vantage/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { addPlainOptions, outputOption, parseCommandLine } from './command-line.ts'
import {
  ALLOW_HELP,
  IMAGE_HELP,
  MAX_CALLS_HELP,
  readAllowances,
  readEphemeral,
  readMostCalls,
  undoingOnSignal,
} from './consent.ts'
import { parseDuration } from './duration.ts'
import { findNode, findPod } from './explain/asker.ts'
import { placesOf } from './machine-places.ts'
import { comparableOf } from './read-resolv-conf.ts'
import { sourceWords } from './source-words.ts'
import { addSourceOptions, normalizeSourceArgs, openSource } from './sources.ts'
import type { SourceOptions } from './sources.ts'
import { sayWithoutPlace, withoutPlace } from './without-place.ts'
import { renderText } from './trace/render-text.ts'
import { notFoundHint } from './trace/not-found-hint.ts'
import { trace } from './trace/trace.ts'
import type { TraceRequest } from './trace/trace.ts'
import { createSay } from './trace/wording/index.ts'
import { wasAsked } from './trace/trace-report.ts'
import type { TraceReport } from './trace/trace-report.ts'

interface TraceOptions extends SourceOptions {
  readonly from?: string
  readonly resolver: ResolverName
  readonly tcp?: true
  readonly allReplicas?: true
  readonly output: 'json' | 'text'
  readonly lang: Language
  readonly timeout: string
  readonly allow?: readonly string[]
  readonly image?: string
  readonly maxCalls?: string
}

export const traceCommand: Command = {
  name: 'trace',
  summary: "walk a pod's query hop by hop: expected beside observed",
  async run(args, io) {
    const parsed = parseArguments(args, io)
    if (parsed === undefined) return EXIT.ok
    const { name, types, options, timeoutMs } = parsed
    const consent = readConsent(options, io)
    const source = await openSource(options, io)
    const progress = progressLine(io)
    const place = placeOf(source.facts, options.from ?? '')
    const { ephemeral, ...calls } = consent
    const vantages = placesOf(source, {
      ...calls,
      ephemeral: ephemeral === undefined || place.place.kind !== 'pod' ? undefined : { ...ephemeral, pod: place.place },
    })
    try {
      if (place.absent !== undefined && source.client !== undefined) sayWithoutPlace(place.absent, io, options.lang)
      for (const note of source.notes) io.stderr.write(`fathom: ${note}\n`)
      const report = await undoingOnSignal(
        () => vantages.close(),
        async () => {
          // What it takes to get there is not the walk's time.
          if (consent.ephemeral !== undefined) await vantages.at(place.place)
          return trace(source.facts, {
            name,
            types,
            ...place,
            resolver: options.resolver,
            tcp: options.tcp === true,
            allReplicas: options.allReplicas === true,
            vantages,
            expect: createExpect(source.facts),
            deadlineMs: performance.now() + timeoutMs,
            say: createSay(options.lang),
            onProgress: progress.show,
          })
        },
      )
      progress.clear()
      const isText = options.output === 'text'
      io.stdout.write(isText ? renderText(report, io.color) : `${JSON.stringify(report, null, 2)}\n`)
      const hint = isText ? notFoundHint(source.facts, report, options) : undefined
      if (hint !== undefined) io.stdout.write(`${hint}\n`)
      return exitCodeOf(report)
    } finally {
      progress.clear()
      await vantages.close()
      await source.close()
    }
  },
}

interface Parsed {
  readonly name: string
  readonly types: readonly string[]
  readonly options: TraceOptions
  readonly timeoutMs: number
}

/** Undefined: help was asked for and printed. @throws {UsageError} @throws {TextError} */
function parseArguments(args: readonly string[], io: Io): Parsed | undefined {
  const program = addSourceOptions(
    new Commander('fathom trace')
      .usage('NAME [TYPE] --from POD [options]')
      .description(traceCommand.summary)
      .argument('<name>', 'name as the program in the pod gives it: "redis", "redis.shop", "example.org."')
      .argument('[type]', 'record type (default: A and AAAA together, as programs ask)')
      .option('--from <place>', 'who asks: NAMESPACE/POD, POD with -n, or node/NODE'),
  )
    .addOption(new Option('--resolver <name>', "the pod's resolver").choices(RESOLVER_NAMES).default('glibc'))
    .option('--tcp', 'ask everything over TCP')
    .option('--all-replicas', 'ask every replica behind the DNS Service, not only one')
    .option('--timeout <duration>', 'for the whole walk, such as 20s', '20s')
    .addOption(outputOption(['text', 'json']))
    .addOption(new Option('--lang <language>', 'language of the texts').choices(LANGUAGES).default('en'))
    .option('--allow <what...>', ALLOW_HELP)
    .option('--image <image>', IMAGE_HELP)
    .option('--max-calls <n>', MAX_CALLS_HELP)
  if (!parseCommandLine(addPlainOptions(program).addHelpText('after', EXAMPLES), normalizeSourceArgs(args), { io }))
    return undefined
  const [name = '', type] = program.args
  const options = program.opts<TraceOptions>()
  parseName(name)
  const reverse = reverseName(name)
  if (reverse !== undefined) {
    const words = [
      'fathom',
      'trace',
      reverse,
      'PTR',
      '--from',
      shellWord(options.from ?? 'POD'),
      ...sourceWords(options),
    ]
    const instead = words.join(' ')
    throw new UsageError(
      'bad-argument',
      `Cannot trace "${name}": resolvers ask nothing for an address; instead: ${instead}`,
    )
  }
  if (options.from === undefined) {
    throw new UsageError(
      'missing-argument',
      'Missing --from: name the pod (NAMESPACE/POD) or node (node/NODE) that asks',
    )
  }
  return { name, types: readTypes(type), options, timeoutMs: readDuration(options.timeout) }
}

const EXAMPLES = `
Examples:
  fathom trace redis.shop --from shop/web-0 --lab
  fathom trace example.org --from shop/web-0 --resolver musl --all-replicas
  fathom trace _http._tcp.web.shop SRV --from node/node1 -o json
  fathom trace redis.shop --from shop/web-0 --allow ephemeral   # from a laptop: a container is added to the pod

Exit codes: 0 every hop as expected, 1 a difference was found, 2 usage, 3 nothing could be asked`

function readTypes(type: string | undefined): readonly string[] {
  if (type === undefined) return ['A', 'AAAA']
  const number = typeNumber(type)
  if (number === undefined)
    throw new UsageError('bad-argument', `Cannot ask for type "${type}": there is no such record type`)
  return [typeMnemonic(number)]
}

function readDuration(text: string): number {
  const ms = parseDuration(text)
  if (!(ms > 0 && ms <= 600_000)) {
    throw new UsageError('bad-argument', `Cannot use --timeout ${text}: give a duration up to 10m, such as 20s`)
  }
  return ms
}

// --- Who asks ---

/** @throws {UsageError} no such pod or node */
function placeOf(facts: ClusterFacts, from: string): Pick<TraceRequest, 'absent' | 'computed' | 'node' | 'place'> {
  const node = findNode(facts, from)
  if (node !== undefined) {
    const conf = node.resolvConf?.conf
    const computed = conf === undefined ? {} : { computed: { conf } }
    return { place: { kind: 'node', name: node.name }, node: node.name, ...computed }
  }
  const pod = findPod(facts, from)
  const { namespace, name } = pod.meta
  const place: Place = { kind: 'pod', namespace, name }
  return {
    place,
    node: pod.spec.nodeName,
    computed: comparableOf(podResolvConfOf(facts, pod)),
    absent: withoutPlace(pod, facts.objects),
  }
}

interface Consent {
  readonly allowExec: boolean
  readonly ephemeral: EphemeralConsent | undefined
  readonly mostCalls: number
}

/** @throws {UsageError} */
function readConsent(options: TraceOptions, io: Io): Consent {
  const { allow: given = [], image, maxCalls, from = '', lab, manifests, lang } = options
  const translate = (line: string): string => translateReason(line, lang)
  const allow = readAllowances(given)
  const unfit = lab !== undefined ? '--lab' : manifests !== undefined ? '--manifests' : undefined
  const ephemeral = readEphemeral({ allow, image, unfit, asksFromPod: !from.startsWith('node/'), translate }, io)
  return { allowExec: allow.has('exec'), ephemeral, mostCalls: readMostCalls(maxCalls, allow) }
}

function exitCodeOf({ firstDifference, queries }: TraceReport): number {
  if (firstDifference !== null) return EXIT.causeProven
  return queries.some(({ hop }) => wasAsked(hop)) ? EXIT.ok : EXIT.inconclusive
}

/** What takes less time shows nothing. */
const QUIET_MS = 1000

/** One line on a terminal's standard error that is rewritten; nothing anywhere else. */
function progressLine({ stderr }: Io): { show: (text: string) => void; clear: () => void } {
  const isTerminal = (stderr as Partial<NodeJS.WriteStream>).isTTY === true
  const startedAt = performance.now()
  let isShown = false
  return {
    show(text) {
      if (!isTerminal || performance.now() - startedAt < QUIET_MS) return
      isShown = true
      stderr.write(`\r\u001B[2K${text}`)
    },
    clear() {
      if (isShown) stderr.write('\r\u001B[2K')
      isShown = false
    },
  }
}
