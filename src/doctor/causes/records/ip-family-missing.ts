// A Service has addresses of the families it was made with: for another one its name exists and has no records.
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Fix, Judgement } from '../judgement.ts'
import { askedRungs, excluded } from '../support.ts'
import {
  absenceOf,
  explainsAskedName,
  findService,
  isHeadless,
  judgeAskedService,
  nameSubject,
  namespaced,
} from './asked-service.ts'
import type { AskedService } from './asked-service.ts'

export const ipFamilyMissing: Cause = {
  code: 'ip-family-missing',
  needs: ['asked-name', 'services'],
  judge: (evidence) => [judgeAskedService(evidence, judge)],
}

const FAMILIES = { A: 'IPv4', AAAA: 'IPv6' } as const

function judge(asked: AskedService, evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const subject = nameSubject(asked)
  const { namespace, name } = asked
  const absence = absenceOf(asked.answer)
  const service = findService(facts, namespace, asked.service)
  if (absence?.code !== 'no-address-of-family' || service === undefined) {
    return excluded(line('computed', absence === undefined ? 'exists' : 'other-reason', { name }), subject)
  }
  const family = FAMILIES[absence.has === 'A' ? 'AAAA' : 'A']
  const qualified = `${namespace}/${asked.service}`
  const seen = askedRungs(ladder).filter(
    ({ purpose, observed }) => purpose === 'asked' && observed.kind === 'response' && observed.recordCount === 0,
  )
  const nodata = seen.find(({ observed }) => observed.kind === 'response' && observed.rcode === 'NOERROR')
  const inCluster = clusterFamilies(evidence)
  const finding = {
    subject,
    objects: [namespaced('Service', namespace, asked.service, 'spec.ipFamilies')],
    values: { name, family, has: FAMILIES[absence.has], service: qualified },
    evidence: [
      isHeadless(service)
        ? line('observed', 'endpoints', { service: qualified, has: FAMILIES[absence.has] })
        : line('stated', 'families', {
            service: qualified,
            families: familiesOf(service),
            addresses: service.clusterIPs,
          }),
      ...(nodata === undefined
        ? []
        : [line('observed', 'nodata', { server: nodata.hop.name, name, type: evidence.asked?.type ?? '' })]),
      inCluster.has(family)
        ? line('observed', 'cluster-has', { family })
        : line('observed', 'cluster-lacks', { family, has: [...inCluster].join(', ') }),
    ],
    fix: fixFor(asked, family, inCluster.has(family)),
    isFault: false,
    explains: explainsAskedName(evidence),
  }
  if (nodata !== undefined) return { status: 'proven', ...finding }
  return { status: 'suspected', ...finding, missing: [phrase('ip-family-missing.missing-nodata', { name })] }
}

function familiesOf({
  ipFamilies,
  clusterIPs,
}: {
  readonly ipFamilies: readonly string[]
  readonly clusterIPs: readonly string[]
}): string[] {
  return ipFamilies.length > 0 ? [...ipFamilies] : [...new Set(clusterIPs.map(familyOfAddress))]
}

/** Families that other Services, nodes or pods of the cluster have. */
function clusterFamilies({ facts }: Evidence): ReadonlySet<string> {
  const { services, nodes, pods } = facts.objects
  const addresses = [
    ...services.flatMap(({ clusterIPs }) => clusterIPs.filter((ip) => ip !== 'None')),
    ...nodes.flatMap(({ internalIPs }) => internalIPs),
  ]
  const families = new Set(addresses.map(familyOfAddress))
  for (const { podIPs } of pods) for (const ip of podIPs) families.add(familyOfAddress(ip))
  return families
}

function familyOfAddress(address: string): string {
  return address.includes(':') ? 'IPv6' : 'IPv4'
}

function fixFor({ namespace, service }: AskedService, family: string, isInCluster: boolean): Fix {
  const values = { service: `${namespace}/${service}`, family }
  const patch = `kubectl -n ${namespace} patch service ${service} -p '{"spec":{"ipFamilyPolicy":"PreferDualStack"}}'`
  return isInCluster
    ? { key: 'ip-family.dual-stack', values, command: patch }
    : {
        key: 'ip-family.cluster',
        values,
        command: `kubectl -n ${namespace} get service ${service} -o jsonpath='{.spec.ipFamilies}'`,
      }
}
