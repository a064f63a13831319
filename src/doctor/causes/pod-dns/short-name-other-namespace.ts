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
  const { asked, facts, pods } = evidence
  const given = asked?.given ?? ''
  const subject: Subject = { kind: 'name', name: given }
  const absolute = given === '' ? undefined : parseName(given)
  if (absolute === undefined || given.endsWith('.') || labelsOf(absolute).length !== 1) {
    return excluded(line('computed', 'not-short', { name: given }), subject)
  }
  const namespace = pods[0]?.meta.namespace ?? facts.source.namespace
  const service = given.toLowerCase()
  const same = facts.objects.services.filter(({ meta }) => meta.name === service)
  const own = same.find(({ meta }) => meta.namespace === namespace)
  if (own !== undefined) return excluded(line('observed', 'exists', { service: qualifiedName(own) }), subject)
  const [first] = same
  if (first === undefined) return excluded(line('observed', 'nowhere', { name: given }), subject)
  const right = nameOf(evidence, first)
  return {
    status: 'proven',
    subject,
    objects: same.slice(0, 3).map((other) => objectRef('Service', qualifiedName(other))),
    values: { name: given, namespace, services: same.map(qualifiedName) },
    evidence: [
      line('observed', 'not-here', { service: given, namespace }),
      line('observed', 'elsewhere', { services: same.map(qualifiedName) }),
      line('computed', 'search-list', { namespace, domain: facts.dns.clusterDomain.value }),
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

function nameOf({ facts }: Evidence, { meta }: Service): string {
  return `${meta.name}.${meta.namespace}.svc.${facts.dns.clusterDomain.value}`
}
