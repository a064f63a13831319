// Nameservers beyond kubelet's limit, where those within it fail.
import type { PlannedRung } from '../plan-options.ts'
import type { FollowUp } from './follow-up.ts'

/**
 * Plans again, without the skip, nameservers that kubelet cuts off, where those it keeps fail: only if one of them would
 * have answered is the limit to blame.
 */
export const planCutOff: FollowUp = ({ plan, rungs }) =>
  plan.flatMap((planned): PlannedRung[] => {
    if (planned.skip?.why.key !== 'skip.cut-off') return []
    const kept = rungs.filter(
      (rung) =>
        rung.hop.kind === 'upstream' &&
        rung.fromNode === planned.fromNode &&
        rung.purpose === planned.purpose &&
        rung.result !== 'skipped',
    )
    if (kept.length === 0 || kept.some(({ result }) => result === 'ok')) return []
    const { skip: _, ...asked } = planned
    return [asked]
  })
