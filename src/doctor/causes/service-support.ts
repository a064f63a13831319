// What the causes of the DNS Service look up.
import type { Service } from '../../kube/objects/index.ts'
import type { Rung } from '../ladder/index.ts'

/** Questions about cluster names put to a node cache: it passes them to the DNS Service. */
export function clusterNameRungs({ hop, purpose, expected }: Rung): boolean {
  if (hop.kind !== 'node-cache') return false
  return purpose === 'canary' || purpose === 'version' || (purpose === 'asked' && expected.kind === 'records')
}

/** The selector as `kubectl -l` takes it. */
export function dnsSelector({ selector = {} }: Service): string {
  return Object.entries(selector)
    .map(([key, value]) => `${key}=${value}`)
    .join(',')
}

/** A Deployment's name from its ReplicaSet's, which has the template's hash behind it. */
export function deploymentOf(replicaSet: string | undefined): string {
  return replicaSet?.replace(/-[a-z0-9]+$/, '') ?? 'coredns'
}
