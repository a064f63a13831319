// What fails at times because some of the servers behind it fail: as often as it should if that were all. Pure.
import { asFailed, formatPlace, isFailing, wilsonInterval } from '../ladder/index.ts'
import type { RateInterval, Rung } from '../ladder/index.ts'

/** Hops behind which kube-proxy chooses a replica for each flow. */
const SHARED: ReadonlySet<Rung['hop']['kind']> = new Set(['dns-service', 'node-cache'])

/**
 * Ids of rungs through the DNS Service or a node cache that failed at times, and as often as the replicas behind it do, of
 * which a finding explains the failures.
 *
 * The rates are held against each other by their intervals: a Service before two replicas of which one is dead loses half
 * of its flows, not a tenth.
 */
export function explainedByShare(explains: ReadonlySet<string>, rungs: readonly Rung[]): string[] {
  const replicas = rungs.filter(({ hop, result }) => hop.kind === 'replica' && result !== 'skipped')
  if (!replicas.some((rung) => isFailing(rung) && explains.has(rung.id))) return []
  return rungs
    .filter((rung) => rung.result === 'intermittent' && SHARED.has(rung.hop.kind))
    .filter((rung) => {
      const behind = replicas.filter((replica) => isSameQuestion(replica, rung))
      const shares = behind.map((replica) => (explains.has(replica.id) ? rateOf(replica) : NEVER))
      return shares.some(({ rate }) => rate > 0) && overlap(rateOf(rung), meanOf(shares))
    })
    .map(({ id }) => id)
}

/** From the same place over the same transport; every replica was asked the canary from everywhere. */
function isSameQuestion(replica: Rung, rung: Rung): boolean {
  return (
    formatPlace(replica.from) === formatPlace(rung.from) &&
    replica.transport === rung.transport &&
    replica.purpose === 'canary'
  )
}

const NEVER: RateInterval = { rate: 0, low: 0, high: 0 }

/** What always failed fails always: the few attempts that were made of it widen nothing. */
function rateOf(rung: Rung): RateInterval {
  const { result, repeats } = asFailed(rung)
  if (rung.result === 'failed') return { rate: 1, low: 1, high: 1 }
  return repeats === undefined || result === 'ok' ? NEVER : wilsonInterval(repeats.failed, repeats.asked)
}

function meanOf(shares: readonly RateInterval[]): RateInterval {
  const mean = (key: keyof RateInterval): number => shares.reduce((sum, share) => sum + share[key], 0) / shares.length
  return { rate: mean('rate'), low: mean('low'), high: mean('high') }
}

function overlap(a: RateInterval, b: RateInterval): boolean {
  return a.low <= b.high && b.low <= a.high
}
