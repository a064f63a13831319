// fathom explain: what a name or an address should give in this cluster, which object says so, and which way the query takes.
import { Command as Commander, CommanderError, Option } from 'commander'
import { UsageError } from '../base/index.ts'
import { EXIT, type Command, type Io } from './command.ts'
import { RESOLVER_NAMES, type ResolverName } from '../route/index.ts'
import { comparableOf, readResolvConf } from './read-resolv-conf.ts'
import { addSourceOptions, normalizeSourceArgs, openSource, type OpenSource, type SourceOptions } from './sources.ts'
import { findPod } from './explain/asker.ts'
import { explain, readRequest, type ExplainFrom } from './explain/explain.ts'
import { renderText } from './explain/render-text.ts'

interface ExplainOptions extends SourceOptions {
  readonly from?: string
  readonly resolver: ResolverName
  readonly allow?: 'exec'
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
      const explanation = explain(source.facts, request, await askerOf(source, options))
      io.stdout.write(
        options.output === 'json' ? `${JSON.stringify(explanation, null, 2)}\n` : renderText(explanation, io.color),
      )
      return explanation.conclusive ? EXIT.ok : EXIT.inconclusive
    } finally {
      await source.close()
    }
  },
}

/** The pod of --from, with its own resolv.conf where a cluster or a lab lets it be read. @throws {UsageError} no such pod */
async function askerOf(source: OpenSource, { from, resolver, allow }: ExplainOptions): Promise<ExplainFrom> {
  if (from === undefined) return { resolver }
  const pod = findPod(source.facts, from)
  const { namespace, name } = pod.meta
  // Manifests tell of a cluster that this machine need not have anything to do with.
  if (source.client === undefined || pod.spec.nodeName === '') return { resolver, pod }
  const { placesOf } = await import('./machine-places.ts')
  const { podResolvConfOf } = await import('../doctor/facts/index.ts')
  const vantages = placesOf(source, { allowExec: allow === 'exec' })
  try {
    const computed = comparableOf(podResolvConfOf(source.facts, pod))
    return { resolver, pod, seen: await readResolvConf(vantages, { kind: 'pod', namespace, name }, computed) }
  } finally {
    await vantages.close()
  }
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
      .option('--from <pod>', 'explain it as this pod asks: NAMESPACE/NAME, or NAME with -n'),
  )
    .addOption(new Option('--resolver <name>', 'how the pod searches').choices(RESOLVER_NAMES).default('glibc'))
    .addOption(
      new Option('--allow <what>', 'what may be run in the pod to read its resolv.conf: commands that read').choices([
        'exec',
      ]),
    )
    .addOption(new Option('-o, --output <format>', 'output format').choices(['text', 'json']).default('text'))
    .option('--no-color', 'no colors')
    .option('--verbose', 'show stack traces of errors')
    .addHelpText('after', EXAMPLES)
    .exitOverride()
    .configureOutput({ writeOut: (text) => io.stdout.write(text), writeErr: () => {} })
  try {
    command.parse(normalizeSourceArgs(args), { from: 'user' })
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error
    if (error.exitCode === 0) return undefined
    throw usageError(error, command)
  }
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

function usageError(error: CommanderError, command: Commander): UsageError {
  const said = error.message
    .replace(/^error: /, '')
    .replace(/\.$/, '')
    .replaceAll(/\s*\n\s*/g, ' ')
  const message = said.charAt(0).toUpperCase() + said.slice(1)
  if (error.code === 'commander.missingArgument') {
    const swallowed = command.opts<SourceOptions>().manifests?.at(-1)
    const hint =
      swallowed === undefined
        ? 'give a domain name or an IP address'
        : `"${swallowed}" was taken for a path of --manifests; put the name first`
    return new UsageError('missing-argument', `Missing name: ${hint}; see "fathom explain --help"`)
  }
  const code = error.code === 'commander.unknownOption' ? 'unknown-option' : 'bad-argument'
  return new UsageError(code, `${message}; see "fathom explain --help"`)
}
