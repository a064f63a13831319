import { planAskedAgain } from './asked-again.ts'
import { planCutOff } from './cut-off.ts'
import type { FollowUp } from './follow-up.ts'
import { planKubeProxy } from './kube-proxy.ts'
import { planLateMetrics } from './late-metrics.ts'
import { planLostOverOne } from './lost-over-one.ts'
import { planMeantOutside } from './meant-outside.ts'
import { planOmittedSearches } from './omitted-searches.ts'
import { planOtherFamily } from './other-family.ts'
import { planPairs } from './pairs.ts'
import { planPlainSize } from './plain-size.ts'
import { planPodFiles } from './pod-files.ts'
import { planSmallDatagrams } from './small-datagrams.ts'
import { planSuffixNames } from './suffix-names.ts'
import { planSetupMetrics } from './setup-metrics.ts'

/** Asked at once, after the plan. */
export const FOLLOW_UPS: readonly FollowUp[] = [
  planKubeProxy,
  planCutOff,
  planAskedAgain,
  planLostOverOne,
  planSmallDatagrams,
  planOtherFamily,
  planPodFiles,
  planSuffixNames,
  planOmittedSearches,
  planMeantOutside,
  planSetupMetrics,
  planPlainSize,
  planLateMetrics,
  planPairs,
]
