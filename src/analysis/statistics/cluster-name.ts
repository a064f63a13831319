// Whether a name is one that a cluster answers by itself. A capture does not say what the cluster domain is; the labels "svc" and
// "pod" of the Kubernetes DNS specification, the default domain and reverse zones do. Asked once for each name of a capture, of which
// there may be hundreds of thousands.

const SVC = labels('svc')
const POD = labels('pod')
const CLUSTER_LOCAL = [...labels('cluster'), ...labels('local')]
const ARPA = labels('arpa')

/**
 * Whether a name in wire format, without compression, is below a cluster's domain or a reverse zone.
 *
 * @param start the name's first octet @param end the octet after its last
 */
export function isClusterName(octets: Uint8Array, start: number, end: number): boolean {
  if (endsWith(octets, start, end, CLUSTER_LOCAL) || endsWith(octets, start, end, ARPA)) return true
  let isFirst = true
  for (let at = start; at < end && octets[at] !== 0;) {
    const next = at + 1 + (octets[at] ?? 0)
    const hasZone = next < end && octets[next] !== 0
    if (!isFirst && hasZone && (standsAt(octets, at, SVC) || standsAt(octets, at, POD))) return true
    isFirst = false
    at = next
  }
  return false
}

function labels(text: string): number[] {
  return [text.length, ...Buffer.from(text)]
}

/** Without regard to the case of letters; what is wanted is lower case. */
function standsAt(octets: Uint8Array, at: number, wanted: readonly number[]): boolean {
  for (let index = 0; index < wanted.length; index += 1) {
    const octet = octets[at + index] ?? 0
    const letter = wanted[index] ?? 0
    if (octet !== letter && (octet + 0x20 !== letter || letter < 0x61)) return false
  }
  return true
}

// oxlint-disable-next-line max-params -- called for every name
function endsWith(octets: Uint8Array, start: number, end: number, wanted: readonly number[]): boolean {
  const at = end - 1 - wanted.length
  return at >= start && standsAt(octets, at, wanted)
}
