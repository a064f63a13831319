// What is asked after the first answers are in, because of what they were.
import type { ClusterFacts } from '../../facts/index.ts'
import type { PodFile } from '../ladder.ts'
import type { PlanOptions, PlannedRung } from '../plan-options.ts'
import type { Rung } from '../rung.ts'

export interface FollowUpContext {
  readonly facts: ClusterFacts
  readonly plan: readonly PlannedRung[]
  /** The rungs of the plan, asked. */
  readonly rungs: readonly Rung[]
  /** The resolv.conf that pods have, where a pod is asked from. */
  readonly podFiles: readonly PodFile[]
  readonly options: PlanOptions
}

/** Plans what the first answers make worth asking; nothing where they do not. */
export type FollowUp = (context: FollowUpContext) => PlannedRung[]
