// A namespace named like a top-level domain: `SERVICE.NAMESPACE` is found in the cluster before the name outside is asked.
import { labelsOf, parseName } from '../../../dns/index.ts'
import type { Service } from '../../../kube/objects/index.ts'
import { TOP_LEVEL_DOMAINS } from '../../facts/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import { excluded, objectRef, qualifiedName } from '../support.ts'

export const namespaceShadowsTld: Cause = {
  code: 'namespace-shadows-tld',
  // Namespaces such as "dev" and "shop" are everywhere: only a name that somebody asks for makes one worth a word.
  needs: ['asked-name', 'services'],
  judge(evidence) {
    const { services } = evidence.facts.objects
    const shadowing = services.filter(({ meta }) => TOP_LEVEL_DOMAINS.has(meta.namespace))
    const namespaces = [...new Set(shadowing.map(({ meta }) => meta.namespace))]
    if (namespaces.length === 0) {
      return [excluded(line('observed', 'none', { count: new Set(services.map(({ meta }) => meta.namespace)).size }))]
    }
    return namespaces.map((namespace) =>
      judgeNamespace(
        evidence,
        namespace,
        shadowing.filter(({ meta }) => meta.namespace === namespace),
      ),
    )
  },
}

function judgeNamespace(evidence: Evidence, namespace: string, services: readonly Service[]): Judgement {
  const names = services.map(({ meta }) => `${meta.name}.${namespace}`)
  const asked = shadowedName(evidence, names)
  const outside = asked === undefined ? undefined : lookOutside(evidence, asked)
  const isHidden = outside?.isThere === true
  return {
    status: 'proven',
    subject: { kind: 'name', name: namespace },
    objects: services.slice(0, 3).map((service) => objectRef('Service', qualifiedName(service))),
    values: { namespace, names },
    evidence: [
      line('observed', 'names', { namespace, names, count: names.length }),
      line('computed', 'search-list', { namespace, domain: evidence.facts.dns.clusterDomain.value }),
      ...(asked === undefined ? [] : [line('computed', 'asked', { name: asked })]),
      ...(outside === undefined ? [] : [outside.line]),
    ],
    fix: {
      key: 'namespace-shadows-tld',
      values: { namespace },
      command: `kubectl -n ${namespace} get services`,
    },
    // A Service that is asked for by SERVICE.NAMESPACE is what its writer means, unless the world outside has the name too.
    isFault: isHidden,
    explains: isHidden ? [ASKED_NAME] : [],
  }
}

/** The asked name, when a search domain makes a Service of that namespace of it. */
function shadowedName({ asked }: Evidence, names: readonly string[]): string | undefined {
  if (asked === undefined || !asked.inCluster || asked.searched.length === 0) return undefined
  const given = labelsOf(parseName(asked.given.toLowerCase())).slice(-2).join('.')
  return names.includes(given) ? given : undefined
}

/** What became of the name as it stands; undefined where nobody could say. */
function lookOutside(
  { ladder }: Evidence,
  name: string,
): { readonly isThere: boolean; readonly line: EvidenceLine } | undefined {
  for (const { purpose, observed, hop } of ladder.rungs) {
    if (purpose !== 'outside' || observed.kind !== 'response') continue
    if (observed.rcode === 'NXDOMAIN') {
      return { isThere: false, line: line('observed', 'not-outside', { name, server: hop.name }) }
    }
    if (observed.rcode === 'NOERROR' && observed.recordCount > 0) {
      return { isThere: true, line: line('observed', 'outside', { name, server: hop.name }) }
    }
  }
  return undefined
}
