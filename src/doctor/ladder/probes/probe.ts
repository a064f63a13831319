// What is asked beyond the questions that go to every server: each probe asks for one kind of fault.
import type { ClusterFacts } from '../../facts/index.ts'
import type { PlanOptions, PlannedRung } from '../plan-options.ts'

/** Plans the rungs of one probe; none where the cluster gives no reason. */
export type Probe = (facts: ClusterFacts, options: PlanOptions) => PlannedRung[]
