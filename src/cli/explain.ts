// fathom explain: what a name or an address should give in this cluster, which object says so, and which way the query takes.
import { Command as Commander, Option } from 'commander'
import type { CommanderError } from 'commander'
import { UsageError } from '../base/index.ts'
import { EXIT, type Command, type Io } from './command.ts'
import { addPlainOptions, outputOption, parseCommandLine } from './command-line.ts'
import { usageErrorOf } from './commander-error.ts'
import { RESOLVER_NAMES, type ResolverName } from '../route/index.ts'
import { ALLOW_HELP, IMAGE_HELP, readAllowances, readEphemeral, undoingOnSignal } from './consent.ts'
import { comparableOf, computedOnly, readResolvConf } from './read-resolv-conf.ts'
import type { ComputedResolvConf, SeenResolvConf } from './read-resolv-conf.ts'
import { addSourceOptions, normalizeSourceArgs, openSource, type OpenSource, type SourceOptions } from './sources.ts'
import { findNode, findPod } from './explain/asker.ts'
import { explain, readRequest, type ExplainFrom } from './explain/explain.ts'
import { withoutPlace } from './without-place.ts'
import type { EphemeralConsent, Place } from '../vantage/index.ts'
import { renderText } from './explain/render-text.ts'

interface ExplainOptions extends SourceOptions {
  readonly from?: string
  readonly resolver: ResolverName
  readonly allow?: readonly string[]
  readonly image?: string
  readonly output: 'json' | 'text'
}

/** What explaining needs of a cluster. */
const KINDS = [
  'configMaps',
  'daemonSets',
  'endpointSlices',
  'namespaces',
  'nodes',
  'pods',
  'serverVersion',
  'services',
  'statefulSets',
] as const

/** Explains a name or an address. */
export const explainCommand: Command = {
  name: 'explain',
  summary: 'say what a name or address should give here, why, and which way the query takes',
  async run(args, io) {
    const parsed = parseArguments(args, io)
    if (parsed === undefined) return EXIT.ok
    const { options } = parsed
    // Checked before anything is read: a wrong name must not cost a walk through the cluster.
    const request = readRequest(parsed.name, parsed.type)
    const source = await openSource(options, io, { kinds: KINDS })
    try {
      for (const note of source.notes) io.stderr.write(`fathom: ${note}\n`)
      const explanation = explain(source.facts, request, await askerOf(source, options, io))
      io.stdout.write(
        options.output === 'json' ? `${JSON.stringify(explanation, null, 2)}\n` : renderText(explanation, io.color),
      )
      return explanation.conclusive ? EXIT.ok : EXIT.inconclusive
    } finally {
      await source.close()
    }
  },
}

/** Whoever --from names, with its own resolv.conf where a cluster or a lab lets it be read. @throws {UsageError} no such place */
async function askerOf(source: OpenSource, options: ExplainOptions, io: Io): Promise<ExplainFrom> {
  const { from, resolver } = options
  const ephemeral = consentOf(options, io)
  if (from === undefined) return { resolver }
  const node = findNode(source.facts, from)
  // Manifests tell of a cluster that this machine need not have anything to do with.
  const isThere = source.client !== undefined
  if (node !== undefined) {
    const place = { kind: 'node', name: node.name } as const
    return { resolver, node, ...(isThere ? { seen: await seeConf(source, { place, options, ephemeral }) } : {}) }
  }
  const pod = findPod(source.facts, from)
  if (!isThere) return { resolver, pod }
  const { podResolvConfOf } = await import('../doctor/facts/index.ts')
  const computed = comparableOf(podResolvConfOf(source.facts, pod))
  const absent = withoutPlace(pod, source.facts.objects)
  if (absent !== undefined) {
    const other = absent.needs === undefined ? '' : `; the file of a pod that runs: ${absent.needs}`
    io.stderr.write(`fathom: ${absent.why}: explained with the resolv.conf that kubelet would write for it${other}\n`)
    return { resolver, pod, seen: computedOnly({ kind: 'skipped', why: absent.why }, { computed }) }
  }
  const { namespace, name } = pod.meta
  const place = { kind: 'pod', namespace, name } as const
  return { resolver, pod, seen: await seeConf(source, { place, computed, options, ephemeral }) }
}

interface Asking {
  readonly place: Exclude<Place, { kind: 'here' }>
  readonly computed?: ComputedResolvConf
  readonly options: ExplainOptions
  readonly ephemeral: EphemeralConsent | undefined
}

async function seeConf(source: OpenSource, { place, computed, options, ephemeral }: Asking): Promise<SeenResolvConf> {
  const { placesOf } = await import('./machine-places.ts')
  const added = ephemeral === undefined || place.kind !== 'pod' ? undefined : { ...ephemeral, pod: place }
  const vantages = placesOf(source, {
    allowExec: readAllowances(options.allow ?? []).has('exec'),
    ephemeral: added,
  })
  try {
    return await undoingOnSignal(
      () => vantages.close(),
      () => readResolvConf(vantages, place, computed),
    )
  } finally {
    await vantages.close()
  }
}

/** @throws {UsageError} */
function consentOf(
  { allow = [], image, from = '', lab, manifests }: ExplainOptions,
  io: Io,
): EphemeralConsent | undefined {
  const unfit = lab !== undefined ? '--lab' : manifests !== undefined ? '--manifests' : undefined
  const asksFromPod = from !== '' && !from.startsWith('node/')
  return readEphemeral({ allow: readAllowances(allow), image, unfit, asksFromPod }, io)
}

interface Parsed {
  readonly name: string
  readonly type: string | undefined
  readonly options: ExplainOptions
}

/** Undefined: help was asked for and printed. */
function parseArguments(args: readonly string[], io: Io): Parsed | undefined {
  const command = addSourceOptions(
    new Commander('fathom explain')
      .usage('NAME|ADDRESS [TYPE] [options]')
      .description(explainCommand.summary)
      .argument('<name>', 'domain name, short name, or IP address')
      .argument(
        '[type]',
        'record type (default: A, and AAAA where there is one; SRV for _port._proto names; PTR for addresses)',
      )
      .option('--from <place>', 'explain it as this place asks: NAMESPACE/POD, POD with -n, or node/NODE'),
  )
    .addOption(new Option('--resolver <name>', 'how the pod searches').choices(RESOLVER_NAMES).default('glibc'))
    .option('--allow <what...>', `${ALLOW_HELP}: to read the pod's resolv.conf`)
    .option('--image <image>', IMAGE_HELP)
    .addOption(outputOption(['text', 'json']))
  addPlainOptions(command).addHelpText('after', EXAMPLES)
  if (!parseCommandLine(command, normalizeSourceArgs(args), { io, complain: describeMistake })) return undefined
  const [name = '', type] = command.args
  return { name, type, options: command.opts() }
}

const EXAMPLES = `
Examples:
  fathom explain kubernetes.default.svc.cluster.local
  fathom explain _redis._tcp.redis-ha.shop.svc.cluster.local SRV
  fathom explain 10.233.102.133
  fathom explain redis-ha.shop --from default/console
  kubectl get ns,svc,endpointslices,pods,nodes,configmaps -A -o json | fathom explain redis-ha.shop --manifests -`

function describeMistake(error: CommanderError, command: Commander): UsageError {
  if (error.code !== 'commander.missingArgument') return usageErrorOf(error, command)
  const swallowed = command.opts<SourceOptions>().manifests?.at(-1)
  const hint =
    swallowed === undefined
      ? 'give a domain name or an IP address'
      : `"${swallowed}" was taken for a path of --manifests; put the name first`
  return new UsageError('missing-argument', `Missing name: ${hint}; see "fathom explain --help"`)
}
