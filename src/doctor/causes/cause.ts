// What a cause is: pure, named by its code, one file each. It reads evidence and says what it may say, no more.
import type { ClusterFacts } from '../facts/index.ts'
import type { Ladder } from '../ladder/index.ts'
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
  | 'workloads'

export interface Evidence {
  readonly facts: ClusterFacts
  readonly ladder: Ladder
}

export interface Cause {
  readonly code: CauseCode
  /**
   * `fault`: no healthy cluster shows it. `configuration`: healthy clusters show it too, so it is a cause only when it
   * explains something that failed, and an observation otherwise.
   */
  readonly nature: 'configuration' | 'fault'
  readonly needs: readonly FactKind[]
  /** At least one judgement; several when several subjects are at fault. */
  judge(evidence: Evidence): readonly Judgement[]
}
