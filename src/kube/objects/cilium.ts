// Cilium's custom resources that steer DNS: policies with DNS rules, and redirections to a node-local cache.
import { child, children, isJsonObject, text, type Json } from './json.ts'
import { readMeta } from './meta.ts'
import type { CiliumLocalRedirectPolicy, CiliumNetworkPolicy } from './types.ts'

/** Reads a CiliumNetworkPolicy or CiliumClusterwideNetworkPolicy (cilium.io/v2). */
export function readCiliumNetworkPolicy(json: Json): CiliumNetworkPolicy {
  const specs = [child(json, 'spec'), ...children(json, 'specs')]
  const egress = specs.flatMap((spec) => children(spec, 'egress'))
  const ports = egress.flatMap((rule) => children(rule, 'toPorts'))
  return {
    kind: 'CiliumNetworkPolicy',
    meta: readMeta(json),
    hasDnsRules: ports.some((port) => children(child(port, 'rules'), 'dns').length > 0),
    hasFqdnRules: egress.some((rule) => children(rule, 'toFQDNs').length > 0),
  }
}

/** Reads a CiliumLocalRedirectPolicy (cilium.io/v2). */
export function readCiliumLocalRedirectPolicy(json: Json): CiliumLocalRedirectPolicy {
  const frontend = child(child(json, 'spec'), 'redirectFrontend')
  const matcher = frontend['serviceMatcher']
  const service = isJsonObject(matcher)
    ? { service: { namespace: text(matcher, 'namespace'), name: text(matcher, 'serviceName') } }
    : {}
  return {
    kind: 'CiliumLocalRedirectPolicy',
    meta: readMeta(json),
    ...service,
    address: text(child(frontend, 'addressMatcher'), 'ip'),
  }
}
