// Cilium's DNS proxy, a node cache and local redirect policies do not agree on who answers.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import {
  excluded,
  failedIds,
  isNodeCacheUnseen,
  notChecked,
  objectRef,
  qualifiedName,
  withoutNodeCache,
} from '../support.ts'

export const ciliumDnsProxyConflict: Cause = {
  code: 'cilium-dns-proxy-conflict',
  needs: ['dns-service'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { service, nodeCaches } = facts.dns
  if (service === undefined) return notChecked('not-checked.no-dns-service')
  if (facts.missing.some(({ what }) => what.startsWith('cilium'))) return notChecked('not-checked.no-cilium-policies')
  const { ciliumNetworkPolicies, ciliumLocalRedirectPolicies } = facts.objects
  const proxied = ciliumNetworkPolicies.filter(({ hasDnsRules, hasFqdnRules }) => hasDnsRules || hasFqdnRules)
  const [policy] = proxied
  const name = qualifiedName(service.service)
  const redirects = ciliumLocalRedirectPolicies.filter(
    ({ service: to, address }) =>
      (to !== undefined && `${to.namespace}/${to.name}` === name) || service.clusterIPs.includes(address),
  )
  const [redirect] = redirects
  if (policy === undefined) return excluded(line('observed', 'no-dns-rules', { count: ciliumNetworkPolicies.length }))
  const [cache] = nodeCaches
  if (cache === undefined && redirect === undefined && isNodeCacheUnseen(facts)) return withoutNodeCache(facts)
  if (cache === undefined && redirect === undefined)
    return excluded(line('observed', 'no-cache', { count: proxied.length }))
  const failing = failedIds(
    ladder,
    ({ from, hop, observed }) =>
      (from.kind === 'pod' || hop.kind === 'node-cache') &&
      hop.kind !== 'upstream' &&
      hop.kind !== 'kube-proxy' &&
      observed.kind !== 'status',
  )
  const policies = proxied.map(({ meta }) => (meta.namespace === '' ? meta.name : `${meta.namespace}/${meta.name}`))
  return {
    status: 'proven',
    subject: { kind: 'service', name },
    objects: [
      ...policies
        .slice(0, 5)
        .map((one) =>
          objectRef(
            one.includes('/') ? 'CiliumNetworkPolicy' : 'CiliumClusterwideNetworkPolicy',
            one,
            'spec.egress.toPorts.rules.dns',
          ),
        ),
      ...redirects.map(({ meta }) => objectRef('CiliumLocalRedirectPolicy', `${meta.namespace}/${meta.name}`)),
    ],
    values: { policies, service: name },
    evidence: [
      line('stated', 'dns-rules', { policies: policies.slice(0, 5), count: proxied.length }),
      redirect === undefined
        ? line('observed', 'no-redirect', {
            service: name,
            cache: cache === undefined ? '' : `${cache.namespace}/${cache.name}`,
          })
        : line('stated', 'redirect', {
            service: name,
            policies: redirects.map(({ meta }) => `${meta.namespace}/${meta.name}`),
          }),
      ...(failing.length === 0 ? [] : [line('observed', 'failing', { count: failing.length })]),
    ],
    fix: {
      key: 'cilium-dns-proxy-conflict',
      values: { service: name },
      command: [
        'kubectl get ciliumnetworkpolicies,ciliumclusterwidenetworkpolicies,ciliumlocalredirectpolicies -A',
        'kubectl -n kube-system exec ds/cilium -- cilium-dbg service list',
        'kubectl -n kube-system exec ds/cilium -- cilium-dbg fqdn cache list',
      ].join('\n'),
    },
    isFault: false,
    explains: failing,
  }
}
