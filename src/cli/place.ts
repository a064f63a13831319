// The place that a command asks from: a pod, a node, a process or a named namespace, of this machine or of a lab.
import { UsageError } from '../base/index.ts'
import { locateNetns, locateNode, locatePod, locateProcess, openNamespace, vantageHere } from '../vantage/index.ts'
import { openInLab, withLabHint } from './place/in-lab.ts'
import { openThroughApi } from './place/through-api.ts'
import type { OpenPlace } from './place/open-place.ts'
import type { PlaceOptions } from './place/place-options.ts'
import type { NamespaceTarget, Place, Skipped } from '../vantage/index.ts'

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
