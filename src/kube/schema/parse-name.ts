// A name below a zone taken apart by the labels' places: [REST.]SERVICE.NAMESPACE.svc or ADDRESS.NAMESPACE.pod.

export type ParsedName =
  | { readonly kind: 'apex' }
  /** `svc`, `pod` (empty namespace), or a namespace below them: names that exist only because of those below. */
  | { readonly kind: 'empty'; readonly of: 'pod' | 'svc'; readonly namespace: string }
  | { readonly kind: 'service'; readonly namespace: string; readonly service: string; readonly part: ServicePart }
  | { readonly kind: 'pod'; readonly namespace: string; readonly label: string }
  /** What is at a place of the service's own: `dns-version`, `ns.dns`, `dns`. */
  | { readonly kind: 'special'; readonly name: 'dns' | 'dns-version' | 'ns.dns' }
  | { readonly kind: 'invalid'; readonly label: string }

/** What stands before the Service's name. */
export type ServicePart =
  | { readonly kind: 'whole' }
  | { readonly kind: 'endpoint'; readonly endpoint: string; readonly cluster: string | undefined }
  /** Without their underscores, which CoreDNS does not ask for. */
  | { readonly kind: 'port'; readonly port: string; readonly protocol: string }
  | { readonly kind: 'zonal'; readonly topologyZone: string; readonly mode: 'pin' | 'prefer' }
  | { readonly kind: 'too-long' }

const WHOLE: ServicePart = { kind: 'whole' }

/**
 * Takes a name apart.
 *
 * @param relative lower-case labels in front of the zone, without the final dot; empty for the apex
 */
export function parseName(
  relative: string,
  options: { readonly multicluster: boolean; readonly zonal: boolean },
): ParsedName {
  if (relative === '') return { kind: 'apex' }
  const labels = relative.split('.')
  const type = labels.pop() ?? ''
  if (type !== 'svc' && type !== 'pod') return parseSpecial(relative, type)
  const namespace = labels.pop() ?? ''
  const label = labels.pop()
  if (label === undefined) return { kind: 'empty', of: type, namespace }
  if (type === 'pod') return { kind: 'pod', namespace, label: [...labels, label].join('.') }
  return { kind: 'service', namespace, service: label, part: parsePart(labels, options) }
}

function parseSpecial(relative: string, label: string): ParsedName {
  if (relative === 'dns-version' || relative === 'ns.dns' || relative === 'dns')
    return { kind: 'special', name: relative }
  return { kind: 'invalid', label }
}

function parsePart(labels: readonly string[], options: { multicluster: boolean; zonal: boolean }): ServicePart {
  const [first = '', second = '', third] = labels
  switch (labels.length) {
    case 0:
      return WHOLE
    case 1:
      return { kind: 'endpoint', endpoint: first, cluster: undefined }
    case 2:
      if (options.multicluster && !first.startsWith('_') && !second.startsWith('_')) {
        return { kind: 'endpoint', endpoint: first, cluster: second }
      }
      return { kind: 'port', port: withoutUnderscore(first), protocol: withoutUnderscore(second) }
    case 3:
      if (options.zonal && third === '_zone' && (second === 'pin' || second === 'prefer')) {
        return { kind: 'zonal', topologyZone: first, mode: second }
      }
      return { kind: 'too-long' }
    default:
      return { kind: 'too-long' }
  }
}

function withoutUnderscore(label: string): string {
  return label.startsWith('_') ? label.slice(1) : label
}
