// ExternalName Services, and where they lead within the cluster.
import { lowerName } from '../../../dns/index.ts'
import type { DomainName } from '../../../dns/message.ts'
import type { Service } from '../../../kube/objects/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import type { Evidence } from '../cause.ts'
import { clusterLabels, findService } from './asked-service.ts'

/** CoreDNS follows as many names within the cluster. */
export const MAX_CHAIN = 10

/** The names from one ExternalName to the next. */
export interface Chain {
  /** From the first name on; of a loop the last one stands there twice. */
  readonly names: readonly DomainName[]
  readonly end: 'leads-on' | 'loop' | 'too-long'
}

/** Follows a name; undefined when it is no ExternalName Service's. */
export function followChain({ explain }: Evidence, start: DomainName): Chain | undefined {
  const names = [lowerName(start)]
  for (;;) {
    const answer = explain(names.at(-1) ?? start, 'A')
    if (answer.kind !== 'delegate') return names.length === 1 ? undefined : { names, end: 'leads-on' }
    const next = lowerName(answer.target)
    const isLoop = names.includes(next)
    names.push(next)
    if (isLoop) return { names, end: 'loop' }
    if (names.length > MAX_CHAIN + 1) return { names, end: 'too-long' }
  }
}

export function externalNameServices({ objects }: ClusterFacts): Service[] {
  return objects.services.filter(({ type }) => type === 'ExternalName')
}

/** The Service that a name of the cluster is. */
export function serviceOfName(facts: ClusterFacts, name: DomainName): Service | undefined {
  const [, namespace = '', service = ''] = clusterLabels(facts, name)
  return findService(facts, namespace, service)
}

/** The name of a Service, with its final dot. */
export function nameOfService({ dns }: ClusterFacts, { meta }: Service): DomainName {
  return lowerName(`${meta.name}.${meta.namespace}.svc.${dns.clusterDomain.value}.`)
}
