// Where facts come from, for every command that needs a cluster: the shared options, and what they come down to.
import type { Command as Commander } from 'commander'
import { UsageError } from '../base/index.ts'
import type { Finding, ServerBlock } from '../corefile/index.ts'
import type { KubeClient } from '../kube/api/index.ts'
import type { ClusterFacts, FactKind, ManifestProgress } from '../doctor/facts/index.ts'
import { listLabs } from '../lab/register/lab-folder.ts'
import type { Vantages } from '../vantage/vantage.ts'
import type { Io } from './command.ts'

/** The shared options as commander gives them. */
export interface SourceOptions {
  readonly kubeconfig?: string
  readonly context?: string
  readonly as?: string
  readonly asGroup?: readonly string[]
  readonly manifests?: readonly string[]
  /** Name of a running lab; empty for the one that runs. */
  readonly lab?: string
  readonly namespace?: string
}

/** Facts, and what they were read through; `close` when everything is asked. */
export interface OpenSource {
  readonly facts: ClusterFacts
  /** Lines for standard error: what folders held besides Kubernetes objects. */
  readonly notes: readonly string[]
  /** Absent for manifests. */
  readonly client?: KubeClient
  /** Places to ask from; only a lab has them already. */
  readonly vantages?: Vantages
  close(): Promise<void>
}

export interface OpenSourceOptions {
  /** What is read from an API server; default all. */
  readonly kinds?: readonly FactKind[]
  /** For each answer of the API server, milliseconds. */
  readonly timeoutMs?: number
  /** Kernel tables of a lab's places will be read: what that takes is started while the facts are collected. */
  readonly expectsTables?: boolean
  /** Where files of nodes can be read from, when the cluster is no lab. */
  readonly placesOf?: ((client: KubeClient) => Vantages) | undefined
}

/** Adds `--kubeconfig --context --as --as-group --manifests --lab -n` to a command. */
export function addSourceOptions(command: Commander): Commander {
  return command
    .option('--kubeconfig <path>', 'kubeconfig to use (default: $KUBECONFIG, ~/.kube/config, in-cluster)')
    .option('--context <name>', 'context of the kubeconfig')
    .option('--as <user>', 'user to impersonate')
    .option('--as-group <group...>', 'groups to impersonate')
    .option('--manifests <path...>', 'read objects from files or folders instead ("-": standard input)')
    .option('--lab [name]', 'use a running lab')
    .option('-n, --namespace <namespace>', 'namespace of short names and pods')
}

/**
 * Prepares a command line for commander: after `--lab` a word counts as its name only if such a lab runs, so that `--lab`
 * can stand before an argument; `--lab=NAME` is always a name.
 */
export function normalizeSourceArgs(args: readonly string[]): string[] {
  const at = args.indexOf('--lab')
  if (at < 0) return [...args]
  const next = args[at + 1]
  const isName = next !== undefined && listLabs().some(({ name }) => name === next)
  return [...args.slice(0, at), `--lab=${isName ? next : ''}`, ...args.slice(at + (isName ? 2 : 1))]
}

/** Plugins read their options as the server would; loaded only where there is a Corefile to look at. */
async function validateCorefile(blocks: readonly ServerBlock[]): Promise<readonly Finding[]> {
  const { validateBlocks } = await import('./lint/validate.ts')
  return validateBlocks(blocks, {})
}

/**
 * Collects the facts that the options lead to.
 *
 * @throws {UsageError} options that exclude each other, no usable kubeconfig
 * @throws {KubeApiError} the API server cannot be reached or allows nothing
 * @throws {ManifestError} manifests that cannot be used
 */
export async function openSource(
  options: SourceOptions,
  io: Io,
  { kinds, timeoutMs, expectsTables, placesOf }: OpenSourceOptions = {},
): Promise<OpenSource> {
  rejectContradictions(options)
  const { collectFromCluster, collectFromManifests } = await import('../doctor/facts/index.ts')
  const now = Date.now()
  if (options.manifests !== undefined) {
    const progress = progressLine(io)
    const { facts, notes } = await collectFromManifests({
      paths: options.manifests,
      stdin: io.stdin as AsyncIterable<Buffer | string>,
      now,
      validateCorefile,
      onProgress: progress.show,
    }).finally(progress.clear)
    return { facts: withNamespace(facts, options), notes, close: async () => {} }
  }
  const { loadCluster } = await import('../kube/api/index.ts')
  const lab = options.lab === undefined ? undefined : await attach(options.lab)
  if (expectsTables === true) lab?.vantages.prepareTables?.()
  const client = await loadCluster(
    {
      kubeconfig: lab?.kubeconfig ?? options.kubeconfig,
      context: options.context,
      as: options.as,
      asGroups: options.asGroup,
    },
    io.env,
  )
  const close = async (): Promise<void> => {
    client.close()
    await lab?.vantages.close()
  }
  try {
    const facts = await collectFromCluster(client, {
      now,
      validateCorefile,
      vantages: lab?.vantages ?? placesOf?.(client),
      lab: lab?.name,
      ...(kinds === undefined ? {} : { kinds }),
      ...(timeoutMs === undefined ? {} : { timeoutMs }),
    })
    return {
      facts: withNamespace(facts, options),
      notes: [],
      client,
      ...(lab === undefined ? {} : { vantages: lab.vantages }),
      close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

function rejectContradictions(options: SourceOptions): void {
  const chosen = [
    ...(options.manifests === undefined ? [] : ['--manifests']),
    ...(options.lab === undefined ? [] : ['--lab']),
    ...(options.kubeconfig === undefined ? [] : ['--kubeconfig']),
  ]
  if (chosen.length > 1) {
    throw new UsageError('bad-argument', `Cannot use ${chosen.join(' and ')} together: give one source of facts`)
  }
  if (options.manifests === undefined) return
  const unused = (['context', 'as', 'asGroup'] as const).find((name) => options[name] !== undefined)
  if (unused === undefined) return
  const flag = unused === 'asGroup' ? '--as-group' : `--${unused}`
  throw new UsageError('bad-argument', `Cannot use ${flag} with --manifests: it chooses within a kubeconfig`)
}

async function attach(name: string): Promise<{ name: string; kubeconfig: string; vantages: Vantages }> {
  // Not through the folder's door: behind it is the whole lab, which runs in another process.
  const { attachLab } = await import('../lab/register/attach.ts')
  return attachLab(name === '' ? undefined : name)
}

function withNamespace(facts: ClusterFacts, { namespace }: SourceOptions): ClusterFacts {
  return namespace === undefined ? facts : { ...facts, source: { ...facts.source, namespace } }
}

/** Reading takes long only for large YAML: nothing is shown before this time. */
const QUIET_MS = 800

/** One line on a terminal's standard error that is rewritten; nothing anywhere else. */
function progressLine(io: Io): { show: (progress: ManifestProgress) => void; clear: () => void } {
  const isTerminal = (io.stderr as Partial<NodeJS.WriteStream>).isTTY === true
  const startedAt = performance.now()
  let shownAt = 0
  return {
    show(progress) {
      const now = performance.now()
      if (!isTerminal || now - startedAt < QUIET_MS || now - shownAt < 100) return
      shownAt = now
      const { octets, totalOctets, objects } = progress
      const part =
        totalOctets === undefined || totalOctets === 0
          ? `${(octets / 1e6).toFixed(1)} MB`
          : `${Math.min(100, Math.floor((100 * octets) / totalOctets))} %`
      io.stderr.write(`\r\u001B[2Kreading manifests: ${part}, ${objects} objects`)
    },
    clear() {
      if (shownAt > 0) io.stderr.write('\r\u001B[2K')
    },
  }
}
