// The place that a command asks from: a pod, a node, a process or a named namespace, of this machine or of a lab.
import { UsageError } from '../base/index.ts'
import { locateNetns, locateNode, locatePod, locateProcess, openNamespace, vantageHere } from '../vantage/index.ts'
import { openInLab, withLabHint } from './place/in-lab.ts'
import { openThroughApi } from './place/through-api.ts'
import type { Environment } from '../kube/api/index.ts'
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
  /** What the place is, for people: `pod shop/web-0 on node2 (lab reference)`. */
  readonly from: string
  /** What would reach further, a line each, where the place is seen through the API server alone. */
  readonly instead?: readonly string[]
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
  const place = parsePlace(options.in ?? 'here', options.namespace)
  if (options.lab !== undefined) return openInLab(place, options)
  if (options.ephemeral !== undefined && place.kind === 'pod') {
    // Consent is for the way through the API server, wherever this machine is.
    return (await openThroughApi(place, undefined, options)) ?? { kind: 'skipped', why: 'there is no kubeconfig' }
  }
  const target = await locate(place, options)
  if (target === undefined) return { vantage: vantageHere(), from: 'this machine', close: () => Promise.resolve() }
  const vantage = 'netns' in target ? await openNamespace(target, { place }) : target
  if ('close' in vantage) return { vantage, from: vantage.how, close: () => vantage.close() }
  if (place.kind === 'here') return vantage
  return (await openThroughApi(place, vantage, options)) ?? withLabHint(vantage)
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
