// The asked name where a server says something else than the objects: whether that comes from a cache.
import type { RRType } from '../../../dns/message.ts'
import { dnsRung } from '../make-rung.ts'
import type { PlannedQuestion } from '../questions.ts'
import type { PlannedRung } from '../plan-options.ts'
import type { Rung } from '../rung.ts'
import type { FollowUp } from './follow-up.ts'

/** Milliseconds after which a TTL, which is whole seconds, is less in a cache and the same at its source. */
const LATER_MS = 1200
const MAX_SERVERS = 16

/**
 * The same question a little later, at every server once; and at a replica that denies the name another type of it, which no stub
 * resolver asks for: caches hold denials by name and type, so this one comes from the objects that the replica knows.
 */
export const planAskedAgain: FollowUp = ({ rungs }) => {
  const servers = new Map<string, Rung>()
  for (const rung of rungs) {
    // Behind the Service it may be another replica each time.
    const isOne = rung.hop.kind === 'replica' || rung.hop.kind === 'node-cache'
    if (isOne && isOdd(rung) && !servers.has(rung.hop.name)) servers.set(rung.hop.name, rung)
  }
  return [...servers.values()]
    .slice(0, MAX_SERVERS)
    .flatMap((rung) => [
      ...askAgain(rung, 'later'),
      ...(rung.hop.kind === 'replica' && isDenial(rung) ? askAgain(rung, 'other-type') : []),
    ])
}

function isOdd({ purpose, transport, result, observed, expected }: Rung): boolean {
  const isAsked = purpose === 'asked' && transport === 'udp' && result === 'failed'
  return isAsked && observed.kind === 'response' && expected.kind === 'records'
}

function isDenial({ observed }: Rung): boolean {
  return observed.kind === 'response' && observed.recordCount === 0
}

function askAgain({ hop, from, fromNode, to, question }: Rung, variant: 'later' | 'other-type'): PlannedRung[] {
  if (question.kind !== 'dns') return []
  const origin = { place: from, ...(fromNode === undefined ? {} : { node: fromNode }) }
  const type: RRType = variant === 'later' ? question.type : question.type === 'SRV' ? 'TXT' : 'SRV'
  // What comes is held against the first answer: it cannot be wrong by itself.
  const expected = { kind: 'answer', mustExist: false } as const
  const planned: PlannedQuestion = { purpose: 'again', name: question.name, type, expected, variant }
  return [{ ...dnsRung(hop, origin, to, 'udp', planned), ...(variant === 'later' ? { waitMs: LATER_MS } : {}) }]
}
