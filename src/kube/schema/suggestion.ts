// A suggestion: what was probably meant by a name, and what it is made from.
import type { DomainName, RRType } from '../../dns/message.ts'
import type { Pod, Workload } from '../objects/index.ts'
import type { ObjectRef } from './answer.ts'
import type { ClusterIndex } from './cluster-index.ts'
import type { SchemaOptions } from './options.ts'

export type SuggestionCode =
  | 'append-zone'
  | 'endpoint-name'
  | 'endpoint-not-ready'
  | 'external-name-is-address'
  | 'missing-svc-label'
  | 'namespace-similar'
  | 'no-ready-endpoints'
  | 'ordinal-beyond-replicas'
  | 'other-zone'
  | 'pod-name'
  | 'pod-without-name'
  | 'pods-disabled'
  | 'port-name'
  | 'service-in-other-namespace'
  | 'service-similar'
  | 'swapped-labels'

/** A fact that speaks for a suggestion. */
export interface Evidence {
  readonly object: ObjectRef | { readonly kind: 'StatefulSet'; readonly namespace: string; readonly name: string }
  /** Path of the field: `spec.subdomain`. */
  readonly field: string
  readonly value: string
}

export interface Suggestion {
  readonly code: SuggestionCode
  /** The name that was probably meant and has records; absent when something else must change first. */
  readonly name?: DomainName
  /** Half a sentence. */
  readonly text: string
  readonly because: readonly Evidence[]
}

/** Objects that are not in the index but tell what was meant. */
export interface SuggestionSources {
  readonly pods: readonly Pod[]
  readonly workloads: readonly Workload[]
}

/** What the parts of a suggestion look at. */
export interface SuggestionContext {
  readonly index: ClusterIndex
  readonly sources: SuggestionSources
  readonly options: SchemaOptions
  readonly zone: DomainName
  readonly type: RRType
}
