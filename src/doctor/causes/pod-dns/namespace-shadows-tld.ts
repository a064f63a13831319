// A namespace named like a top-level domain: `SERVICE.NAMESPACE` is found in the cluster before the name outside is asked.
import { labelsOf, parseName } from '../../../dns/index.ts'
import type { Service } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, objectRef, qualifiedName } from '../support.ts'
import { TOP_LEVEL_DOMAINS } from './top-level-domains.ts'

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
  return {
    status: 'proven',
    subject: { kind: 'name', name: namespace },
    objects: services.slice(0, 3).map((service) => objectRef('Service', qualifiedName(service))),
    values: { namespace, names },
    evidence: [
      line('observed', 'names', { namespace, names, count: names.length }),
      line('computed', 'search-list', { namespace, domain: evidence.facts.dns.clusterDomain.value }),
      ...(asked === undefined ? [] : [line('computed', 'asked', { name: asked })]),
    ],
    fix: {
      key: 'namespace-shadows-tld',
      values: { namespace },
      command: `kubectl -n ${namespace} get services`,
    },
    // The name that was asked about is not what its writer means, whether the Service answers or not.
    isFault: asked !== undefined,
    explains: asked === undefined ? [] : [ASKED_NAME],
  }
}

/** The asked name, when it reads as a Service of that namespace although it was meant for the world outside. */
function shadowedName({ asked }: Evidence, names: readonly string[]): string | undefined {
  if (asked === undefined || asked.given.endsWith('.')) return undefined
  const given = labelsOf(parseName(asked.given.toLowerCase())).slice(-2).join('.')
  return names.includes(given) ? given : undefined
}
