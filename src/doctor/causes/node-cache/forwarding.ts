// Where a node cache's Corefile sends the cluster's names.
import { parseName } from '../../../dns/index.ts'
import { optionsNamed, readStatements } from '../../../route/index.ts'
import { parseKeys } from '../../../corefile/index.ts'
import type { ServerBlock } from '../../../corefile/index.ts'
import type { ClusterFacts, NodeCacheFact } from '../../facts/index.ts'

/** node-cache puts the address of `-upstreamsvc` in its place. */
export const CLUSTER_DNS_PILLAR = '__PILLAR__CLUSTER__DNS__'

export interface ClusterForward {
  /** Addresses, or {@link CLUSTER_DNS_PILLAR}. */
  readonly targets: readonly string[]
  readonly forcesTcp: boolean
  /** Of the `forward` directive. */
  readonly line: number
}

/** The `forward` directive for the cluster domain; undefined when the Corefile has none or was not seen. */
export function clusterForward({ dns }: ClusterFacts, { corefile }: NodeCacheFact): ClusterForward | undefined {
  const domain = parseName(dns.clusterDomain.value)
  for (const block of corefile?.blocks ?? []) {
    const directive = block.directives.find(({ name }) => name === 'forward')
    const statement = directive && readStatements(directive)[0]
    if (statement === undefined || !zonesOf(block).includes(domain)) continue
    const targets = statement.args.slice(1).map((target) => target.replace(/^dns:\/\//, '').replace(/:53$/, ''))
    return { targets, forcesTcp: optionsNamed(statement, 'force_tcp').length > 0, line: statement.at.line }
  }
  return undefined
}

/** Installers leave `__PILLAR__DNS__DOMAIN__` in templates that nobody uses. */
function zonesOf(block: ServerBlock): string[] {
  try {
    return parseKeys(block).map(({ zone }) => zone)
  } catch {
    return []
  }
}
