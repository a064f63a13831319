// The external name below a search domain that fails, beside the name itself, which was asked already.
import { dnsRung } from '../make-rung.ts'
import type { PlannedRung } from '../plan-options.ts'
import { MADE_UP } from '../probes/suffixes.ts'
import type { FollowUp } from './follow-up.ts'

/** What a pod asks for that looks for the external name and has the suffix in its search list. */
export const planSuffixNames: FollowUp = ({ rungs, options }) =>
  rungs.flatMap((rung): PlannedRung[] => {
    const { purpose, question, result, hop, from, fromNode, to } = rung
    if (purpose !== 'suffix' || result !== 'failed' || question.kind !== 'dns') return []
    if (!question.name.startsWith(`${MADE_UP}.`)) return []
    const name = `${options.externalName}${question.name.slice(MADE_UP.length + 1)}`
    const expected = { kind: 'answer', mustExist: false } as const
    const origin = { place: from, ...(fromNode === undefined ? {} : { node: fromNode }) }
    return [dnsRung(hop, origin, to, 'udp', { purpose, name, type: 'A', expected, variant: name })]
  })
