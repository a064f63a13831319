// kubelet's cluster domain is not the zone that the servers serve: search lists lead nowhere.
import { parseName } from '../../../dns/index.ts'
import type { DomainName } from '../../../dns/message.ts'
import { readKubernetesOptions } from '../../../route/index.ts'
import type { ClusterFacts, NodeFacts } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, notChecked, shellQuote } from '../support.ts'

export const clusterDomainMismatch: Cause = {
  code: 'cluster-domain-mismatch',
  needs: ['config-maps'],
  judge(evidence) {
    const { facts } = evidence
    const zones = servedZones(facts)
    const nodes = facts.nodes.filter(({ kubelet }) => ['observed', 'stated'].includes(kubelet.clusterDomain.origin))
    if (zones.length === 0) return [notChecked('not-checked.no-cluster-zone')]
    if (nodes.length === 0) return [notChecked('not-checked.no-kubelet')]
    const wrong = nodes.filter((node) => !zones.includes(domainOf(node)))
    const [first] = nodes
    if (wrong.length === 0 && first !== undefined) {
      return [excluded(line('stated', 'same', { domain: first.kubelet.clusterDomain.value, count: nodes.length }))]
    }
    const domains = [...new Set(wrong.map(({ kubelet }) => kubelet.clusterDomain.value))]
    return domains.map((domain) => {
      const own = wrong.filter(({ kubelet }) => kubelet.clusterDomain.value === domain)
      return judgeDomain(evidence, { domain, nodes: own, zones })
    })
  },
}

interface Mismatch {
  readonly domain: string
  readonly nodes: readonly NodeFacts[]
  readonly zones: readonly DomainName[]
}

function judgeDomain(evidence: Evidence, { domain, nodes, zones }: Mismatch): Judgement {
  const { facts, ladder, asked } = evidence
  const names = nodes.map(({ name }) => name)
  const served = zones.map((zone) => zone.replace(/\.$/, ''))
  const map = facts.dns.corefile?.configMap
  const isAsked = asked !== undefined && (asked.name.endsWith(`.${domain}.`) || asked.searched.length > 0)
  return {
    status: 'proven',
    subject: { kind: 'name', name: domain },
    objects: map === undefined ? [] : [{ kind: 'ConfigMap', namespace: map.namespace, name: map.name, field: map.key }],
    values: { domain, served, nodes: names },
    evidence: [
      line(nodes[0]?.kubelet.clusterDomain.origin ?? 'stated', 'kubelet', {
        domain,
        nodes: names,
        from: nodes[0]?.kubelet.clusterDomain.from ?? '',
      }),
      line('stated', 'corefile', { served, configMap: map === undefined ? '' : `${map.namespace}/${map.name}` }),
      line('computed', 'search-list', { domain }),
    ],
    fix: {
      key: 'cluster-domain-mismatch',
      values: { domain, served },
      command: names
        .slice(0, 3)
        .flatMap((node) => [
          `ssh -t ${shellQuote(node)} sudo vi /var/lib/kubelet/config.yaml   # clusterDomain: ${served[0] ?? ''}`,
          `ssh ${shellQuote(node)} sudo systemctl restart kubelet`,
        ])
        .join('\n'),
    },
    isFault: true,
    explains: [
      ...(isAsked ? [ASKED_NAME] : []),
      ...failedIds(ladder, ({ hop, purpose }) => hop.kind === 'nameserver' && purpose === 'asked'),
    ],
  }
}

function domainOf({ kubelet }: NodeFacts): DomainName {
  return parseName(kubelet.clusterDomain.value === '' ? '.' : kubelet.clusterDomain.value)
}

/** Forward zones of the `kubernetes` directives. */
function servedZones({ dns }: ClusterFacts): DomainName[] {
  const zones = (dns.corefile?.blocks ?? []).flatMap((block) => readKubernetesOptions(block)?.schema.zones ?? [])
  return [...new Set(zones)].filter((zone) => !zone.endsWith('.arpa.'))
}
