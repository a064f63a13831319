// The other address family, where a name was given for one: a server that denies it denies the whole name to many clients.
import type { RRType } from '../../../dns/message.ts'
import { dnsRung } from '../make-rung.ts'
import type { PlannedRung } from '../plan-options.ts'
import type { Expectation, Rung } from '../rung.ts'
import type { FollowUp } from './follow-up.ts'

const OTHER: Readonly<Record<string, RRType>> = { A: 'AAAA', AAAA: 'A' }

/** The asked name at every server that gave or denied it, and upstreams that denied AAAA of a name they gave A records for. */
export const planOtherFamily: FollowUp = ({ rungs }) => {
  const given = rungs.filter(({ transport, observed }) => {
    return (
      transport === 'udp' && observed.kind === 'response' && observed.rcode === 'NOERROR' && observed.recordCount > 0
    )
  })
  // A name that is denied for one family may have records of the other.
  const denied = rungs.filter(
    ({ purpose, transport, result, observed }) =>
      purpose === 'asked' &&
      transport === 'udp' &&
      result === 'failed' &&
      observed.kind === 'response' &&
      observed.rcode === 'NXDOMAIN',
  )
  return [...denied.flatMap((rung) => askOther(rung, { kind: 'answer', mustExist: false })), ...askGiven(given, rungs)]
}

function askGiven(given: readonly Rung[], rungs: readonly Rung[]): PlannedRung[] {
  return given.flatMap((rung) => {
    if (rung.purpose === 'asked') return askOther(rung)
    const isDenied = rung.purpose === 'external' && rung.hop.kind === 'upstream' && rungs.some(deniesTypeOf(rung))
    return isDenied ? askOther(rung) : []
  })
}

function askOther(
  { hop, from, fromNode, to, question }: Rung,
  expected: Expectation = { kind: 'no-denial' },
): PlannedRung[] {
  const type = question.kind === 'dns' ? OTHER[question.type] : undefined
  if (question.kind !== 'dns' || type === undefined) return []
  const origin = { place: from, ...(fromNode === undefined ? {} : { node: fromNode }) }
  const { name } = question
  const planned = { purpose: 'families', name, type, expected, variant: 'exists' } as const
  return [dnsRung(hop, origin, to, 'udp', planned)]
}

/** Whether a rung is the other family's question of the same name at the same server, and was denied. */
function deniesTypeOf({ to, fromNode, question }: Rung): (rung: Rung) => boolean {
  return (other) =>
    other.purpose === 'families' &&
    other.to.address === to.address &&
    other.fromNode === fromNode &&
    other.observed.kind === 'response' &&
    other.observed.rcode === 'NXDOMAIN' &&
    other.question.kind === 'dns' &&
    question.kind === 'dns' &&
    other.question.name === question.name
}
