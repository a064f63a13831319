// One question to one answer: zone, kind of name, then the records or the reason why there are none.
import { lowerName } from '../../dns/name.ts'
import type { DomainName, RRType } from '../../dns/message.ts'
import type { SchemaAnswer } from './answer.ts'
import { resolveApex, resolveSpecial } from './apex.ts'
import { closestZone } from './closest-zone.ts'
import type { ClusterIndex } from './cluster-index.ts'
import { missingNamespace, type Finding, type SchemaContext } from './finding.ts'
import type { SchemaEnv, SchemaOptions } from './options.ts'
import { parseName } from './parse-name.ts'
import { resolvePod } from './pod-records.ts'
import { soaRecord } from './records.ts'
import { isReverseName, resolveReverse } from './reverse.ts'
import { resolveService } from './service-records.ts'

/**
 * Answers a question from the objects of a cluster (Kubernetes DNS specification 1.1.0 and CoreDNS's additions).
 *
 * Comparisons ignore case; owner names keep the question's. Zones are matched by the longest suffix. Class is taken to be IN.
 */
export function resolve(
  index: ClusterIndex,
  question: { readonly name: DomainName; readonly type: RRType },
  options: SchemaOptions,
  env: SchemaEnv,
): SchemaAnswer {
  const { type } = question
  const name = lowerName(question.name)
  const zone = closestZone(name, options.zones)
  if (zone === undefined) return { kind: 'not-in-zone' }
  if (type === 'AXFR' || type === 'IXFR') return { kind: 'refused', zone }
  const context: SchemaContext = { index, options, env, zone, owner: question.name, type }
  const finding = resolveInZone(context, name)
  switch (finding.kind) {
    case 'records':
      return { kind: 'records', zone, answer: finding.answer, additional: finding.additional }
    case 'delegate':
      return { kind: 'delegate', zone, answer: finding.answer, target: finding.target }
    case 'nodata':
      return { kind: 'nodata', zone, soa: soaRecord(zone, options.ttl, env.serial), absence: finding.absence }
    case 'nxdomain': {
      const kind = env.synced ? 'nxdomain' : 'unsynced'
      return { kind, zone, soa: soaRecord(zone, options.ttl, env.serial), absence: finding.absence }
    }
  }
}

function resolveInZone(context: SchemaContext, name: DomainName): Finding {
  const { zone, options } = context
  const relative = name.length === zone.length ? '' : name.slice(0, zone === '.' ? -1 : -zone.length - 1)
  if (relative !== '' && isReverseName(name)) return resolveReverse(context, name)
  const multicluster = options.multiclusterZones.includes(zone)
  const parsed = parseName(relative, { multicluster, zonal: options.zonal && !multicluster })
  switch (parsed.kind) {
    case 'apex':
      return resolveApex(context)
    case 'special':
      return resolveSpecial(context, parsed.name)
    case 'invalid':
      return { kind: 'nxdomain', absence: { code: 'not-svc-or-pod', label: parsed.label } }
    case 'empty':
      return resolveEmpty(context, parsed)
    case 'pod':
      return resolvePod(context, parsed)
    case 'service':
      return resolveService(context, parsed, multicluster)
  }
}

/** `svc`, `pod`, and existing namespaces below them: no records, but names below (RFC 8020 §2: not NXDOMAIN). */
function resolveEmpty(
  context: SchemaContext,
  parsed: { readonly of: 'pod' | 'svc'; readonly namespace: string },
): Finding {
  if (parsed.namespace === '') {
    return { kind: 'nodata', absence: { code: 'empty-non-terminal', of: `NAME.NAMESPACE.${parsed.of}` } }
  }
  if (parsed.of === 'pod' && context.options.pods === 'disabled') {
    return { kind: 'nxdomain', absence: { code: 'pods-disabled' } }
  }
  const missing = missingNamespace(context, parsed.namespace)
  if (missing !== undefined) return { kind: 'nxdomain', absence: missing }
  return { kind: 'nodata', absence: { code: 'empty-non-terminal', of: `NAME.${parsed.namespace}.${parsed.of}` } }
}
