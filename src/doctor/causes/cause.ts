// What a cause is: pure, named by its code, one file each. It reads evidence and says what it may say, no more.
import type { Pod } from '../../kube/objects/index.ts'
import type { ClusterFacts } from '../facts/index.ts'
import type { AskedName, Explain, Ladder } from '../ladder/index.ts'
import type { CauseCode } from './codes.ts'
import type { Judgement } from './judgement.ts'

/** A kind of fact that a cause cannot do without; where it is missing the cause is `not-checked`, and the report says why. */
export type FactKind =
  | 'asked-name'
  | 'config-maps'
  | 'dns-service'
  | 'endpoint-slices'
  | 'nodes'
  | 'pods'
  | 'probes'
  | 'services'
  | 'stateful-sets'

export interface Evidence {
  readonly facts: ClusterFacts
  readonly ladder: Ladder
  /** What the schema says about any name. */
  readonly explain: Explain
  /** Pods that are asked from: the user wants to know about them. */
  readonly pods: readonly Pod[]
  /** The name that the user asks about. */
  readonly asked?: AskedName
}

export interface Cause {
  readonly code: CauseCode
  readonly needs: readonly FactKind[]
  /** At least one judgement; several when several subjects are at fault. */
  judge(evidence: Evidence): readonly Judgement[]
}
