// A short name is searched in the pod's own namespace first; the Service that was meant is in another one.
import { labelsOf, parseName } from '../../../dns/index.ts'
import type { Service } from '../../../kube/objects/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { ASKED_NAME, line } from '../judgement.ts'
import type { Judgement, Subject } from '../judgement.ts'
import { excluded, objectRef, qualifiedName } from '../support.ts'

export const shortNameOtherNamespace: Cause = {
  code: 'short-name-other-namespace',
  needs: ['asked-name', 'services'],
  judge: (evidence) => [judgeShortName(evidence)],
}

function judgeShortName(evidence: Evidence): Judgement {
  const { asked, facts } = evidence
  const given = asked?.given ?? ''
  const subject: Subject = { kind: 'name', name: given }
  const absolute = given === '' ? undefined : parseName(given)
  const meant = absolute === undefined || given.endsWith('.') ? undefined : serviceMeant(evidence, labelsOf(absolute))
  if (meant === undefined) {
    return excluded(line('computed', 'not-short', { name: given }), subject)
  }
  const { service, namespace, isWhole } = meant
  const same = facts.objects.services.filter(({ meta }) => meta.name === service)
  const own = same.find(({ meta }) => meta.namespace === namespace)
  if (own !== undefined) return excluded(line('observed', 'exists', { service: qualifiedName(own) }), subject)
  const [first] = same
  if (first === undefined) return excluded(line('observed', 'nowhere', { name: service }), subject)
  const right = nameOf(evidence, first)
  return {
    status: 'proven',
    subject,
    objects: same.slice(0, 3).map((other) => objectRef('Service', qualifiedName(other))),
    values: { name: given, namespace, services: same.map(qualifiedName) },
    evidence: [
      line('observed', isWhole ? 'no-namespace' : 'not-here', { service, namespace }),
      line('observed', 'elsewhere', { services: same.map(qualifiedName) }),
      isWhole
        ? line('computed', 'read-as', { name: given, service, namespace })
        : line('computed', 'search-list', { namespace, domain: facts.dns.clusterDomain.value }),
    ],
    fix: {
      key: 'short-name-other-namespace',
      values: { name: `${first.meta.name}.${first.meta.namespace}` },
      command: `dig +short ${right}${facts.dns.service === undefined ? '' : ` @${facts.dns.service.clusterIPs[0] ?? ''}`}`,
    },
    isFault: true,
    explains: [ASKED_NAME],
  }
}

interface Meant {
  readonly service: string
  readonly namespace: string
  /** The name has its namespace, which does not exist. */
  readonly isWhole: boolean
}

/** One label is a Service of the pod's namespace; two are SERVICE.NAMESPACE, of interest where that namespace does not exist. */
function serviceMeant({ asked, facts, pods }: Evidence, labels: readonly string[]): Meant | undefined {
  const [service = '', namespace] = labels.map((label) => label.toLowerCase())
  if (labels.length === 1) {
    return { service, namespace: pods[0]?.meta.namespace ?? facts.source.namespace, isWhole: false }
  }
  const isMissing =
    facts.objects.namespaces.length > 0 && !facts.objects.namespaces.some(({ meta }) => meta.name === namespace)
  if (labels.length !== 2 || namespace === undefined || !isMissing || asked?.inCluster !== true) return undefined
  return { service, namespace, isWhole: true }
}

function nameOf({ facts }: Evidence, { meta }: Service): string {
  return `${meta.name}.${meta.namespace}.svc.${facts.dns.clusterDomain.value}`
}
