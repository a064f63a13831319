// What the rules for each kind of name share: what they look at, and what they find.
import type { DomainName, RRType } from '../../dns/message.ts'
import type { Absence } from './absence.ts'
import type { ReasonedRecord } from './answer.ts'
import type { ClusterIndex } from './cluster-index.ts'
import type { SchemaEnv, SchemaOptions } from './options.ts'

/** Everything that a rule looks at. */
export interface SchemaContext {
  readonly index: ClusterIndex
  readonly options: SchemaOptions
  readonly env: SchemaEnv
  /** The configured zone, lower case. */
  readonly zone: DomainName
  /** As asked; owner of the records. */
  readonly owner: DomainName
  readonly type: RRType
}

/** What a rule found; `resolve` adds the zone's SOA to what is negative. */
export type Finding =
  | {
      readonly kind: 'records'
      readonly answer: readonly ReasonedRecord[]
      readonly additional: readonly ReasonedRecord[]
    }
  | { readonly kind: 'delegate'; readonly answer: readonly [ReasonedRecord]; readonly target: DomainName }
  | { readonly kind: 'nodata' | 'nxdomain'; readonly absence: Absence }

const NO_RECORDS: readonly ReasonedRecord[] = []

/** A finding of records; NODATA for `otherwise` when there are none. */
export function found(
  answer: readonly ReasonedRecord[],
  otherwise: Absence,
  additional: readonly ReasonedRecord[] = NO_RECORDS,
): Finding {
  return answer.length === 0 ? { kind: 'nodata', absence: otherwise } : { kind: 'records', answer, additional }
}

/** Why a namespace has no names: it does not exist, or the options hide it; undefined when it has. */
export function missingNamespace({ index, options }: SchemaContext, namespace: string): Absence | undefined {
  if (isNamespaceHidden(options, namespace)) return { code: 'namespace-hidden', namespace }
  return index.hasNamespace(namespace) ? undefined : { code: 'no-namespace', namespace }
}

/** Whether the `namespaces` option leaves a namespace out. */
export function isNamespaceHidden(options: SchemaOptions, namespace: string): boolean {
  return options.namespaces.length > 0 && !options.namespaces.includes(namespace)
}
