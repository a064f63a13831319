// Names of pods by their address: `10-240-0-1.NAMESPACE.pod.ZONE`.
import { formatIpv6, parseIpv4, parseIpv6 } from '../../dns/address.ts'
import type { Reason } from './answer.ts'
import type { ParsedName } from './parse-name.ts'
import { addressRecord, familyOf } from './records.ts'
import { found, missingNamespace, type Finding, type SchemaContext } from './finding.ts'

/** Answers as the option `pods` says: never, for every address, or for addresses that a pod of the namespace has. */
export function resolvePod(
  context: SchemaContext,
  { namespace, label }: Extract<ParsedName, { kind: 'pod' }>,
): Finding {
  const { index, options, owner, type } = context
  if (options.pods === 'disabled') return { kind: 'nxdomain', absence: { code: 'pods-disabled' } }
  const missing = missingNamespace(context, namespace)
  if (missing !== undefined) return { kind: 'nxdomain', absence: missing }
  const address = addressFromLabel(label)
  if (address === undefined) {
    return { kind: 'nxdomain', absence: { code: 'pod-label-is-no-address', namespace, label } }
  }
  let reason: Reason = { field: '', text: 'the label spells the address (pods insecure)' }
  if (options.pods === 'verified') {
    const pod = index.podsAt(address).find((one) => one.namespace === namespace)
    if (pod === undefined) return { kind: 'nxdomain', absence: { code: 'no-pod', namespace, address } }
    reason = { object: { kind: 'Pod', namespace, name: pod.name }, field: 'status.podIPs', text: 'address of the pod' }
  }
  const records = familyOf(address) === type ? [addressRecord(owner, options.ttl, address, reason)] : []
  return found(records, { code: 'other-type', owner: 'the name' })
}

/** Reads an address with dashes for dots or colons; undefined for other labels. */
export function addressFromLabel(label: string): string | undefined {
  if (/^\d+-\d+-\d+-\d+$/.test(label)) {
    const dotted = label.replaceAll('-', '.')
    return parseIpv4(dotted) === undefined ? undefined : dotted
  }
  const octets = parseIpv6(label.replaceAll('-', ':'))
  return octets && formatIpv6(octets)
}
