// The place that a command asks from: a pod, a node, a process or a named namespace, of this machine or of a lab.
import { UsageError } from '../base/index.ts'
import {
  apiVantages,
  locateNetns,
  locateNode,
  locatePod,
  locateProcess,
  openNamespace,
  vantageHere,
} from '../vantage/index.ts'
import { undoingOnSignal } from './consent.ts'
import type { Environment, KubeClient } from '../kube/api/index.ts'
import type { Pod } from '../kube/objects/index.ts'
import type { EphemeralConsent, NamespaceTarget, Place, Skipped, Vantage } from '../vantage/index.ts'

/** As the command line gives it; at most one of `in`, `netns` and `pid`. */
export interface PlaceOptions {
  /** `POD`, `NAMESPACE/POD`, `node/NODE` or `here`. */
  readonly in?: string
  /** A namespace's file, or its name under /run/netns. */
  readonly netns?: string
  readonly pid?: string
  /** Name of a running lab; empty for the one that runs. */
  readonly lab?: string
  /** Namespace of a pod that is given without one; default `default`. */
  readonly namespace?: string
  /** Of the cluster that has the pod. */
  readonly kubeconfig?: string
  readonly context?: string
  readonly as?: string
  /** Whether commands may be run in the pod: what reads its resolv.conf from afar. */
  readonly allowExec?: boolean
  /** Consent to add a container to the pod. */
  readonly ephemeral?: EphemeralConsent | undefined
  /** Where a kubeconfig is found; default: this process's environment. */
  readonly env?: Environment
}

export interface OpenPlace {
  readonly vantage: Vantage
  close(): Promise<void>
}

/**
 * Opens the place that the options name.
 *
 * @returns `skipped` when the place is there but cannot be asked from, or is not there
 * @throws {UsageError} for options that make no sense @throws {LabError} when no such lab runs
 */
export async function openPlace(options: PlaceOptions): Promise<OpenPlace | Skipped> {
  const given = (['in', 'netns', 'pid'] as const).filter((key) => options[key] !== undefined)
  if (given.length > 1) {
    throw new UsageError('bad-argument', `Cannot use --${given.join(' and --')} together: give one place to ask from`)
  }
  if (options.lab !== undefined) return openInLab(options, options.lab)
  const place = options.in === undefined ? ({ kind: 'here' } as const) : parsePlace(options.in, options.namespace)
  if (options.ephemeral !== undefined && place.kind === 'pod') {
    // Consent is for the way through the API server, wherever this machine is.
    return (await openThroughApi(place, skipNoCluster, options)) ?? skipNoCluster
  }
  const target = await locate(place, options)
  if (target === undefined) return { vantage: vantageHere(), close: () => Promise.resolve() }
  const vantage = 'netns' in target ? await openNamespace(target, { place }) : target
  if ('close' in vantage) return { vantage, close: () => vantage.close() }
  if (place.kind === 'here') return vantage
  return (await openThroughApi(place, vantage, options)) ?? withLabHint(vantage)
}

const skipNoCluster: Skipped = { kind: 'skipped', why: 'there is no kubeconfig', needs: '--kubeconfig' }

/** A place elsewhere, where a kubeconfig leads to a cluster that has it; undefined without one. */
async function openThroughApi(
  place: Exclude<Place, { kind: 'here' }>,
  onMachine: Skipped,
  { env = process.env, kubeconfig, context, as, allowExec = false, ephemeral }: PlaceOptions,
): Promise<OpenPlace | Skipped | undefined> {
  const { KubeApiError, loadCluster } = await import('../kube/api/index.ts')
  let client: KubeClient
  try {
    client = await loadCluster({ kubeconfig, context, as }, env)
  } catch (error) {
    // One that is named must be there; one that was only looked for need not.
    const isNamed = [kubeconfig, context, as, ephemeral].some((given) => given !== undefined)
    if (error instanceof UsageError && !isNamed) return undefined
    throw error
  }
  const added = ephemeral === undefined || place.kind === 'node' ? undefined : { ...ephemeral, pod: place }
  const vantages = apiVantages({ client, pods: () => podsFor(client, place), allowExec, ephemeral: added })
  const close = (): Promise<void> => vantages.close().finally(() => client.close())
  try {
    // That it exists is asked for by name: a list would be empty for a name that is mistyped.
    if (place.kind === 'node')
      await client.getJson(`/api/v1/nodes/${encodeURIComponent(place.name)}`, { timeoutMs: 5000 })
    const vantage = await undoingOnSignal(close, () => vantages.at(place))
    if (!('kind' in vantage)) return { vantage, close }
    await close()
    return vantage
  } catch (error) {
    await close()
    if (!(error instanceof KubeApiError)) throw error
    return { ...onMachine, why: `${onMachine.why}, and through the API server: ${error.message}` }
  }
}

/** The pod itself, or the pods of a node: those that answer there, and those that show it. */
async function podsFor(client: KubeClient, place: Exclude<Place, { kind: 'here' }>): Promise<readonly Pod[]> {
  const { groupObjects, readList } = await import('../kube/objects/index.ts')
  const path =
    place.kind === 'node'
      ? `/api/v1/pods?fieldSelector=${encodeURIComponent(`spec.nodeName=${place.name}`)}`
      : `/api/v1/namespaces/${encodeURIComponent(place.namespace)}/pods/${encodeURIComponent(place.name)}`
  return groupObjects([readList(await client.getJson(path, { timeoutMs: 5000 }))]).pods
}

/** Reads `POD`, `NAMESPACE/POD`, `node/NODE` or `here`. @throws {UsageError} */
export function parsePlace(text: string, namespace = 'default'): Place {
  if (text === 'here') return { kind: 'here' }
  const parts = text.split('/')
  const [first = '', second] = parts
  if (parts.length > 2 || parts.includes('')) {
    throw new UsageError('bad-argument', `Cannot ask from "${text}": a place is POD, NAMESPACE/POD, node/NODE or here`)
  }
  if (second === undefined) return { kind: 'pod', namespace, name: first }
  return first === 'node' ? { kind: 'node', name: second } : { kind: 'pod', namespace: first, name: second }
}

function locate(place: Place, { netns, pid }: PlaceOptions): Promise<NamespaceTarget | Skipped> | Promise<undefined> {
  if (netns !== undefined) return locateNetns(netns)
  if (pid !== undefined) {
    if (!/^[1-9]\d{0,9}$/.test(pid))
      throw new UsageError('bad-argument', `Cannot use --pid ${pid}: it is not a process id`)
    return locateProcess(Number(pid))
  }
  switch (place.kind) {
    case 'here':
      return Promise.resolve(undefined)
    case 'node':
      return locateNode(place.name)
    case 'pod':
      return locatePod(place)
  }
}

async function openInLab(options: PlaceOptions, lab: string): Promise<OpenPlace | Skipped> {
  if (options.netns !== undefined || options.pid !== undefined) {
    throw new UsageError('bad-argument', 'Cannot use --lab with --netns or --pid: a place in a lab is named with --in')
  }
  const { attachLab } = await import('../lab/index.ts')
  const { vantages } = await attachLab(lab === '' ? undefined : lab)
  const place = parsePlace(options.in ?? 'here', options.namespace)
  const vantage = await vantages.at(place)
  if (!('kind' in vantage)) return { vantage, close: () => vantages.close() }
  await vantages.close()
  return vantage
}

/** Who runs a lab may mean one of its pods. */
async function withLabHint(skipped: Skipped): Promise<Skipped> {
  const { listLabs } = await import('../lab/register/lab-folder.ts')
  return listLabs().length === 0
    ? skipped
    : { ...skipped, needs: `${skipped.needs ?? 'that node'}; or --lab for a lab's pod` }
}
