// Whether a name is one that a cluster answers by itself. A capture does not say what the cluster domain is; the labels "svc" and
// "pod" of the Kubernetes DNS specification, the default domain and reverse zones do.

const SVC = labels('svc')
const POD = labels('pod')
const CLUSTER_LOCAL = [...labels('cluster'), ...labels('local')]
const ARPA = labels('arpa')

/** Whether a name in wire format, without compression, is below a cluster's domain or a reverse zone. */
export function isClusterName(octets: Uint8Array): boolean {
  if (endsWith(octets, CLUSTER_LOCAL) || endsWith(octets, ARPA)) return true
  let isFirst = true
  for (let at = 0; at < octets.length && octets[at] !== 0;) {
    const next = at + 1 + (octets[at] ?? 0)
    const hasZone = next < octets.length && octets[next] !== 0
    if (!isFirst && hasZone && (standsAt(octets, at, SVC) || standsAt(octets, at, POD))) return true
    isFirst = false
    at = next
  }
  return false
}

function labels(text: string): number[] {
  return [text.length, ...Buffer.from(text)]
}

function standsAt(octets: Uint8Array, at: number, wanted: readonly number[]): boolean {
  return wanted.every((octet, index) => ((octets[at + index] ?? 0) | (index === 0 ? 0 : 0x20)) === octet)
}

function endsWith(octets: Uint8Array, wanted: readonly number[]): boolean {
  const at = octets.length - 1 - wanted.length
  return (
    at >= 0 &&
    wanted.every((octet, index) => octets[at + index] === octet || (octets[at + index] ?? 0) + 0x20 === octet)
  )
}
