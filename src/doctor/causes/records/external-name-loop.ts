// ExternalName Services that lead to each other, or through more names than CoreDNS follows, lead to no address.
import type { DomainName } from '../../../dns/message.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { askedRungs, excluded, objectRef, qualifiedName } from '../support.ts'
import { explainsAskedName, shownName } from './asked-service.ts'
import { MAX_CHAIN, externalNameServices, followChain, nameOfService, serviceOfName } from './external-names.ts'
import type { Chain } from './external-names.ts'

export const externalNameLoop: Cause = {
  code: 'external-name-loop',
  needs: ['services'],
  judge(evidence) {
    const { facts, asked } = evidence
    if (asked !== undefined) return [judgeName(evidence, asked.name)]
    const services = externalNameServices(facts)
    const chains = new Map<string, Chain>()
    for (const service of services) {
      const chain = followChain(evidence, nameOfService(facts, service))
      // Each loop once, whichever of its names it was entered by.
      if (chain !== undefined && chain.end !== 'leads-on') chains.set([...circle(chain)].toSorted().join(' '), chain)
    }
    if (chains.size > 0) return [...chains.values()].map((chain) => judgeChain(evidence, chain))
    return [excluded(line('computed', 'none', { count: services.length }))]
  },
}

function judgeName(evidence: Evidence, name: DomainName): Judgement {
  const chain = followChain(evidence, name)
  const subject = { kind: 'name', name: shownName(name) } as const
  if (chain === undefined) return excluded(line('observed', 'no-external-name', { name: shownName(name) }), subject)
  if (chain.end === 'leads-on') {
    const [first = name, last = name] = [chain.names[0], chain.names.at(-1)]
    return excluded(line('computed', 'leads-on', { name: shownName(first), target: shownName(last) }), subject)
  }
  return judgeChain(evidence, chain)
}

function judgeChain(evidence: Evidence, chain: Chain): Judgement {
  const { facts, asked, ladder } = evidence
  const services = circle(chain).flatMap((name) => serviceOfName(facts, name) ?? [])
  const names = chain.names.map(shownName)
  const [first] = services
  const name = names[0] ?? ''
  const failed = askedRungs(ladder).find(({ purpose, result }) => purpose === 'asked' && result === 'failed')
  const response = failed?.observed.kind === 'response' ? failed.observed : undefined
  return {
    status: 'proven',
    subject: { kind: 'service', name: first === undefined ? name : qualifiedName(first) },
    objects: services.slice(0, 5).map((service) => objectRef('Service', qualifiedName(service), 'spec.externalName')),
    values: { name, count: names.length - 1 },
    ...(chain.end === 'too-long' ? { summary: 'too-long' } : {}),
    evidence: [
      ...services
        .slice(0, 4)
        .map((service) => line('stated', 'target', { service: qualifiedName(service), target: service.externalName })),
      chain.end === 'loop'
        ? line('computed', 'loop', { path: names.join(' -> ') })
        : line('computed', 'too-long', { name, count: names.length - 1, max: MAX_CHAIN }),
      ...(response === undefined || failed === undefined
        ? []
        : [
            line('observed', 'no-address', {
              server: failed.hop.name,
              rcode: response.rcode,
              count: response.recordCount,
            }),
          ]),
    ],
    fix: {
      key: 'external-name.point',
      values: { services: services.map(qualifiedName) },
      command: services
        .slice(0, 1)
        .map(({ meta }) => `kubectl -n ${meta.namespace} edit service ${meta.name}   # spec.externalName`)
        .join('\n'),
    },
    // Nobody may ask for it: without a name that fails it is no more than an observation.
    isFault: asked !== undefined,
    explains: asked === undefined ? [] : explainsAskedName(evidence),
  }
}

/** The names of the circle itself, or of the whole chain where it only is too long. */
function circle({ names, end }: Chain): readonly DomainName[] {
  const last = names.at(-1)
  return end === 'loop' && last !== undefined ? names.slice(names.indexOf(last), -1) : names.slice(0, -1)
}
