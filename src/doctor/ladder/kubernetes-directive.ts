// The options of a Corefile's `kubernetes` directive as far as they change answers. Lenient: what is not understood is
// left at its default, since the running server decides about errors, not this reader.
import { createDispenser, expandZones } from '../../corefile/index.ts'
import type { Dispenser, ServerBlock } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/message.ts'
import { SelectorError, parseSelector } from '../../kube/objects/index.ts'
import type { LabelSelector } from '../../kube/objects/index.ts'
import { DEFAULT_SCHEMA_OPTIONS } from '../../kube/schema/index.ts'
import type { IndexOptions, SchemaOptions } from '../../kube/schema/index.ts'

export interface KubernetesDirective {
  readonly schema: SchemaOptions
  readonly index: IndexOptions
  /** Zones whose missing names go on to the next plugin; `.` for all. */
  readonly fallthrough: readonly DomainName[]
}

/** Reads the first `kubernetes` directive; undefined when no block has one. */
export function readKubernetesDirective(blocks: readonly ServerBlock[]): KubernetesDirective | undefined {
  for (const block of blocks) {
    const directive = block.directives.find(({ name }) => name === 'kubernetes')
    if (directive === undefined) continue
    const dispenser = createDispenser(directive)
    dispenser.next()
    const written = dispenser.remainingArgs()
    const zones = (written.length > 0 ? written : block.keys.map(({ text }) => text)).flatMap(zonesOf)
    return readOptions(dispenser, zones)
  }
  return undefined
}

function readOptions(dispenser: Dispenser, zones: readonly DomainName[]): KubernetesDirective {
  let schema: SchemaOptions = { ...DEFAULT_SCHEMA_OPTIONS, zones }
  let index: IndexOptions = {}
  let fallthrough: readonly DomainName[] = []
  while (dispenser.nextBlock()) {
    const option = dispenser.value()
    const args = dispenser.remainingArgs()
    switch (option) {
      case 'pods':
        if (isPodsMode(args[0])) schema = { ...schema, pods: args[0] }
        break
      case 'ttl':
        if (/^\d+$/.test(args[0] ?? '')) schema = { ...schema, ttl: Number(args[0]) }
        break
      case 'endpoint_pod_names':
        schema = { ...schema, endpointPodNames: true }
        break
      case 'noendpoints':
        schema = { ...schema, endpoints: false }
        break
      case 'namespaces':
        schema = { ...schema, namespaces: args }
        break
      case 'ignore':
        if (args[0] === 'empty_service') schema = { ...schema, ignoreEmptyService: true }
        break
      case 'multicluster':
        schema = { ...schema, multiclusterZones: args.flatMap(zonesOf) }
        break
      case 'labels':
        index = { ...index, labels: selectorOf(args.join(' ')) }
        break
      case 'namespace_labels':
        index = { ...index, namespaceLabels: selectorOf(args.join(' ')) }
        break
      case 'fallthrough':
        fallthrough = args.length === 0 ? ['.'] : args.flatMap(zonesOf)
        break
      default:
    }
  }
  return { schema, index, fallthrough }
}

function isPodsMode(text: string | undefined): text is SchemaOptions['pods'] {
  return text === 'disabled' || text === 'insecure' || text === 'verified'
}

function zonesOf(text: string): DomainName[] {
  try {
    return expandZones(text)
  } catch {
    return []
  }
}

function selectorOf(text: string): LabelSelector | undefined {
  try {
    return parseSelector(text)
  } catch (error) {
    if (error instanceof SelectorError) return undefined
    throw error
  }
}
