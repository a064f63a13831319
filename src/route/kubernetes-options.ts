// The `kubernetes` directive of a server block as options of the schema: what decides the records besides the objects.
import { expandZones, parseKeys, type ServerBlock } from '../corefile/index.ts'
import type { DomainName } from '../dns/message.ts'
import { parseSelector, type LabelSelector } from '../kube/objects/index.ts'
import { DEFAULT_SCHEMA_OPTIONS, primaryZone, type SchemaOptions } from '../kube/schema/index.ts'
import { optionsNamed, readStatements, type Statement } from './statements.ts'

export interface KubernetesOptions {
  readonly schema: SchemaOptions
  /** Of Services and EndpointSlices. */
  readonly labels?: LabelSelector
  readonly namespaceLabels?: LabelSelector
  /** Zones whose misses go on to the next plugin, `.` for all; undefined: none. */
  readonly fallthrough?: readonly DomainName[]
}

/**
 * Reads the block's `kubernetes` directive; undefined when it has none.
 *
 * Never throws: an option that CoreDNS would refuse stays at its default.
 */
export function readKubernetesOptions(block: ServerBlock): KubernetesOptions | undefined {
  const directive = block.directives.find(({ name }) => name === 'kubernetes')
  const statement = directive && readStatements(directive)[0]
  if (statement === undefined) return undefined
  const zones = statement.args.length > 0 ? zonesOf(statement.args) : zonesOfBlock(block)
  const multicluster = zonesOption(statement, 'multicluster', zones)
  const fallthrough = zonesOption(statement, 'fallthrough', ['.'])
  const labels = selectorOption(statement, 'labels')
  const namespaceLabels = selectorOption(statement, 'namespace_labels')
  return {
    schema: {
      zones,
      multiclusterZones: multicluster ?? [],
      ttl: ttlOf(statement),
      pods: podsMode(statement),
      endpointPodNames: has(statement, 'endpoint_pod_names'),
      endpoints: !has(statement, 'noendpoints'),
      ignoreEmptyService: optionsNamed(statement, 'ignore').some(({ args }) => args.includes('empty_service')),
      namespaces: optionsNamed(statement, 'namespaces').flatMap(({ args }) => args),
      zonal: has(statement, 'zonal'),
    },
    ...(labels === undefined ? {} : { labels }),
    ...(namespaceLabels === undefined ? {} : { namespaceLabels }),
    ...(fallthrough === undefined ? {} : { fallthrough }),
  }
}

/** The zone of the first `kubernetes` directive that names Services, with its final dot; undefined without any. */
export function clusterZoneOf(blocks: readonly ServerBlock[]): DomainName | undefined {
  for (const block of blocks) {
    const options = readKubernetesOptions(block)
    const zone = options && primaryZone(options.schema)
    if (zone !== undefined && zone !== '.') return zone
  }
  return undefined
}

/** The zones of zone arguments, lower-case with final dots; what is no zone is left out. */
export function zonesOf(texts: readonly string[]): DomainName[] {
  return texts.flatMap((text) => {
    try {
      return expandZones(text)
    } catch {
      return []
    }
  })
}

/** The zones of a block's keys; none when one of them cannot be read. */
export function zonesOfBlock(block: ServerBlock): DomainName[] {
  try {
    return parseKeys(block).map(({ zone }) => zone)
  } catch {
    return []
  }
}

function zonesOption(statement: Statement, name: string, whenEmpty: readonly DomainName[]): DomainName[] | undefined {
  const options = optionsNamed(statement, name)
  if (options.length === 0) return undefined
  return options.flatMap(({ args }) => (args.length === 0 ? whenEmpty : zonesOf(args)))
}

function selectorOption(statement: Statement, name: string): LabelSelector | undefined {
  const option = optionsNamed(statement, name)[0]
  if (option === undefined) return undefined
  try {
    return parseSelector(option.args.join(' '))
  } catch {
    return undefined
  }
}

function ttlOf(statement: Statement): number {
  const ttl = Number(optionsNamed(statement, 'ttl')[0]?.args[0] ?? NaN)
  return Number.isInteger(ttl) && ttl >= 0 && ttl <= 3600 ? ttl : DEFAULT_SCHEMA_OPTIONS.ttl
}

function podsMode(statement: Statement): SchemaOptions['pods'] {
  const mode = optionsNamed(statement, 'pods')[0]?.args[0]
  return mode === 'insecure' || mode === 'verified' ? mode : DEFAULT_SCHEMA_OPTIONS.pods
}

function has(statement: Statement, name: string): boolean {
  return optionsNamed(statement, name).length > 0
}
