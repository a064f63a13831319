// Caches that keep more, or longer, than whoever wrote them thinks.
import type { Token } from '../../ast.ts'
import type { DomainName } from '../../../dns/message.ts'
import { expandZones } from '../../zones.ts'
import { findingAt, occurrencesOf } from '../finding.ts'
import type { Finding, LintBlock, Occurrence, Option, Rule } from '../finding.ts'

/** Seconds that a cluster name may be wrong without anybody noticing; kubeadm's TTL. */
const CLUSTER_LIMIT = 30
/** CoreDNS's TTL of cluster records. */
const KUBERNETES_TTL = 5

/** `success 0` and `denial 0` keep 1024 entries all the same. */
export const zeroCapacity: Rule = ({ blocks }) =>
  blocks.flatMap((block) =>
    occurrencesOf(block, 'cache').flatMap(({ options }) =>
      options
        .filter(({ name, args: [capacity] }) => isClass(name.text) && capacity?.text === '0')
        .map(({ name, args: [capacity = name] }) =>
          findingAt(capacity, {
            code: `cache-${name.text}-zero`,
            severity: 'warning',
            message: `"${name.text} 0" does not switch the cache off: it keeps at least 1024 entries`,
            advice: `Write "disable ${name.text}" in the block of cache`,
          }),
        ),
    ),
  )

function isClass(text: string): boolean {
  return text === 'success' || text === 'denial'
}

/** Names of Services and Pods that are kept longer than they can be trusted. */
export const longClusterCache: Rule = ({ blocks }) =>
  blocks.flatMap((block) => {
    const zones = clusterZonesOf(block)
    if (zones.length === 0) return []
    return occurrencesOf(block, 'cache').flatMap((cache) => [
      ...(['success', 'denial'] as const).flatMap((kind) => longLifetime(block, cache, kind, zones)),
      ...staleNames(cache, zones),
    ])
  })

/** Zones of the cluster that a block answers itself, or a node's cache asks the cluster for; without the reverse ones. */
function clusterZonesOf(block: LintBlock): DomainName[] {
  const own = block.zones.map(({ zone }) => zone)
  const served = occurrencesOf(block, 'kubernetes').flatMap(({ args }) =>
    args.length === 0 ? own : args.flatMap(({ text }) => readZones(text)),
  )
  const cached = own.filter((zone) => zone === 'cluster.local.')
  return [...new Set([...served, ...cached])].filter((zone) => !zone.endsWith('.arpa.') && zone !== '.')
}

function readZones(text: string): DomainName[] {
  try {
    return expandZones(text)
  } catch {
    return []
  }
}

function longLifetime(
  block: LintBlock,
  cache: Occurrence,
  kind: 'denial' | 'success',
  zones: readonly DomainName[],
): Finding[] {
  if (isDisabled(cache, kind, zones)) return []
  const option = cache.options.find(({ name }) => name.text === kind)
  const [, cap, floor] = option?.args ?? []
  const limit = cap ?? numericArgument(cache)
  const ttl = ttlOption(block)
  const recordTtl = ttl === undefined ? KUBERNETES_TTL : Number(ttl.text)
  const minimum = floor === undefined ? 5 : Number(floor.text)
  const maximum = limit === undefined ? 3600 : Number(limit.text)
  const lifetime = Math.min(Math.max(recordTtl, minimum), Math.max(maximum, minimum))
  if (!(lifetime > CLUSTER_LIMIT)) return []
  const at = minimum > CLUSTER_LIMIT ? (floor ?? cache.head) : (ttl ?? cache.head)
  const what = kind === 'success' ? 'Addresses' : 'Denials ("no such name")'
  return [
    findingAt(at, {
      code: 'long-cluster-cache',
      severity: 'warning',
      message: `${what} of ${zones.join(' ')} are kept for ${lifetime} s: Pods and Services change faster`,
      advice: `Keep them for ${CLUSTER_LIMIT} s at most, or write "disable ${kind} ${zones.join(' ').replaceAll(/\.(?= |$)/g, '')}" in the block of cache`,
    }),
  ]
}

/** Expired answers served for as long as an hour name Pods that are gone. */
function staleNames(cache: Occurrence, zones: readonly DomainName[]): Finding[] {
  const stale = cache.options.find(({ name }) => name.text === 'serve_stale')
  if (stale === undefined || isDisabled(cache, 'success', zones)) return []
  return [
    findingAt(stale.name, {
      code: 'stale-cluster-names',
      severity: 'warning',
      message: `Expired addresses of ${zones.join(' ')} are still answered: of Pods that are gone, too`,
      advice: 'Keep serve_stale to a block of its own for outside names, or disable the cache for the cluster domain',
    }),
  ]
}

function isDisabled(cache: Occurrence, kind: string, zones: readonly DomainName[]): boolean {
  const disabled = cache.options.filter(({ name, args: [which] }) => name.text === 'disable' && which?.text === kind)
  return zones.every((zone) => disabled.some((option) => coversZone(option, zone)))
}

function coversZone({ args: [, ...zones] }: Option, zone: DomainName): boolean {
  return (
    zones.length === 0 ||
    zones.some(({ text }) =>
      readZones(text).some((other) => other === '.' || zone === other || zone.endsWith(`.${other}`)),
    )
  )
}

/** `cache 30`: the first argument, when it is a number. */
function numericArgument({ args: [first] }: Occurrence): Token | undefined {
  return first !== undefined && /^\d+$/.test(first.text) ? first : undefined
}

/** The argument of the kubernetes plugin's `ttl`. */
function ttlOption(block: LintBlock): Token | undefined {
  const options = occurrencesOf(block, 'kubernetes').flatMap((kubernetes) => kubernetes.options)
  return options.find(({ name }) => name.text === 'ttl')?.args[0]
}
