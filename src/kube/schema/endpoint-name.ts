// The label that an endpoint has below its Service's name.
import type { SliceEntry } from './entries.ts'

const LONGEST_LABEL = 63

/** Names the endpoint at an index of a slice: its hostname, else (with `endpoint_pod_names`) its pod, else its address. */
export function endpointName(slice: SliceEntry, index: number, podNames: boolean): string {
  return nameEndpoint(slice.addresses[index] ?? '', {
    hostname: slice.hostnames?.[index],
    target: slice.targets?.[index],
    podNames,
  })
}

/** Names an endpoint from its parts; a pod's name that is no single label is passed over. */
export function nameEndpoint(
  address: string,
  from: { readonly hostname?: string | undefined; readonly target?: string | undefined; readonly podNames: boolean },
): string {
  if (from.hostname !== undefined) return from.hostname
  const { target } = from
  if (from.podNames && target !== undefined && target.length <= LONGEST_LABEL && !target.includes('.')) return target
  return dashedAddress(address)
}

/**
 * Writes an address as a label: `10-244-2-1`, `fd00--2`.
 *
 * A label must not end in a dash, so `fd00:1::` is `fd00-1--0` (CoreDNS since 1.12.3).
 */
export function dashedAddress(address: string): string {
  if (!address.includes(':')) return address.replaceAll('.', '-')
  const label = address.replaceAll(':', '-')
  return label.endsWith('-') ? `${label}0` : label
}
