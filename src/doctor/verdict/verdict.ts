// From judgements to one verdict: causes explain failing rungs, consequences fold under their cause, and the proven cause
// that explains most is the verdict. What nothing explains is said. Pure.
import { ASKED_NAME } from '../causes/index.ts'
import type { Cause, CauseCode, Excluded, NotChecked, Proven, Suspected } from '../causes/index.ts'
import { formatPlace, isFailing } from '../ladder/index.ts'
import type { Rung } from '../ladder/index.ts'
import { AT_ASKERS, CONSEQUENCES } from './consequences.ts'
import { explainedByShare } from './shares.ts'

/** A proven or suspected judgement with the cause it belongs to. */
export type Finding = (Proven | Suspected) & {
  readonly code: CauseCode
  /** The cause beneath, when this is its consequence. */
  readonly causedBy?: CauseCode
}

/**
 * - `healthy`: something of the cluster's DNS was seen to work and nothing failed;
 * - `proven`: at least one cause is proven;
 * - `inconclusive`: only suspected causes, failures that nothing explains, or too little was seen.
 */
export type Outcome = 'healthy' | 'inconclusive' | 'proven'

export interface Verdict {
  readonly outcome: Outcome
  /** The proven cause that explains most; undefined when none is proven. */
  readonly main: Finding | undefined
  /** Proven causes first, the main one leading; then suspected ones. Consequences follow their cause. */
  readonly causes: readonly Finding[]
  readonly observations: readonly Finding[]
  readonly excluded: readonly (Excluded & { readonly code: CauseCode })[]
  readonly notChecked: readonly (NotChecked & { readonly code: CauseCode })[]
  /** Ids of failed rungs that no proven cause explains. */
  readonly unexplained: readonly string[]
}

/** The judgements of one cause. */
export interface Judged {
  readonly cause: Cause
  readonly judgements: readonly (Excluded | NotChecked | Proven | Suspected)[]
}

/**
 * Folds judgements into one verdict.
 *
 * @param askedFails whether the name that was asked about should not or does not resolve: that is a failure to explain too
 */
export function weigh(judged: readonly Judged[], rungs: readonly Rung[], askedFails = false): Verdict {
  const failed = new Set(rungs.filter(isFailing).map((rung) => rung.id))
  if (askedFails) failed.add(ASKED_NAME)
  const findings = judged.flatMap(({ cause, judgements }) =>
    judgements
      .filter((judgement) => judgement.status === 'proven' || judgement.status === 'suspected')
      .map((judgement) => ({
        finding: { ...judgement, code: cause.code, explains: withShares(judgement, rungs) },
        isCause: isCause(judgement, failed),
      })),
  )
  const causes = order(
    fold(
      findings.filter(({ isCause }) => isCause).map(({ finding }) => finding),
      rungs,
    ),
  )
  const main = causes.find((finding) => finding.status === 'proven')
  const proven = causes.filter((finding) => finding.status === 'proven')
  const explained = new Set(proven.flatMap((finding) => finding.explains))
  const unexplained = [...failed].filter((id) => !explained.has(id))
  return {
    outcome: outcomeOf(causes, unexplained, rungs),
    main,
    causes,
    observations: findings.filter(({ isCause }) => !isCause).map(({ finding }) => finding),
    excluded: pick(judged, 'excluded'),
    notChecked: pick(judged, 'not-checked'),
    unexplained,
  }
}

/** Also what fails at times because of what the cause explains. */
function withShares({ explains }: Proven | Suspected, rungs: readonly Rung[]): readonly string[] {
  const shared = explainedByShare(new Set(explains), rungs)
  return shared.length === 0 ? explains : [...new Set([...explains, ...shared])]
}

function isCause(judgement: Proven | Suspected, failed: ReadonlySet<string>): boolean {
  const explains = judgement.explains.some((id) => failed.has(id))
  return explains || (judgement.isFault && judgement.status === 'proven')
}

/** Marks each finding whose cause beneath was found as well, and is so wherever the finding is. */
function fold(findings: readonly Finding[], rungs: readonly Rung[]): Finding[] {
  const places = new Map(rungs.map(({ id, from }) => [id, formatPlace(from)]))
  const placesOf = (explains: readonly string[]): string[] => explains.flatMap((id) => places.get(id) ?? [])
  return findings.map((finding) => {
    const beneath = [...(finding.beneath ?? []), ...(CONSEQUENCES[finding.code] ?? [])].find((code) => {
      const others = findings.filter(
        (other) => other.code === code && (other.status === 'proven' || finding.status === 'suspected'),
      )
      if (others.length === 0 || !AT_ASKERS.has(code)) return others.length > 0
      const reached = new Set(others.flatMap(({ explains }) => placesOf(explains)))
      return placesOf(finding.explains).every((place) => reached.has(place))
    })
    return beneath === undefined ? finding : { ...finding, causedBy: beneath }
  })
}

function order(findings: readonly Finding[]): Finding[] {
  const roots = findings.filter((finding) => finding.causedBy === undefined)
  const weight = (finding: Finding): number => explainedWithConsequences(finding, findings).size
  const rank = (finding: Finding): number => (finding.status === 'proven' ? 0 : 1)
  // sort() is stable: equal findings stay in the catalogue's order.
  const sorted = [...roots].sort((a, b) => rank(a) - rank(b) || weight(b) - weight(a))
  const placed = new Set<Finding>()
  const place = (finding: Finding): Finding[] => {
    if (placed.has(finding)) return []
    placed.add(finding)
    return [finding, ...findings.filter((other) => other.causedBy === finding.code).flatMap(place)]
  }
  return sorted.flatMap(place)
}

function explainedWithConsequences(finding: Finding, findings: readonly Finding[]): Set<string> {
  const consequences = findings.filter((other) => other.causedBy === finding.code)
  return new Set([...finding.explains, ...consequences.flatMap((other) => other.explains)])
}

function outcomeOf(causes: readonly Finding[], unexplained: readonly string[], rungs: readonly Rung[]): Outcome {
  if (causes.some((finding) => finding.status === 'proven')) return 'proven'
  const isSeen = placesSeen(rungs).length > 0 && !isKindMissed(rungs) && !hasUnseenNameserver(rungs)
  return isSeen && causes.length === 0 && unexplained.length === 0 ? 'healthy' : 'inconclusive'
}

/** Skipped because something failed on our side, or time ran out: it should have been asked. */
const MISSED: ReadonlySet<string> = new Set(['skip.deadline', 'skip.error', 'skip.vantage'])

/**
 * Places from where the way of the pods was seen to work, and most of what was to be asked from there was asked.
 *
 * Pods ask over UDP, through the Service IP, a node cache or whatever their file names: replicas that answer over TCP say
 * nothing about that way.
 */
function placesSeen(rungs: readonly Rung[]): string[] {
  const ways = new Set(
    rungs
      .filter(
        ({ result, transport, hop }) =>
          result === 'ok' &&
          transport === 'udp' &&
          (hop.kind === 'dns-service' || hop.kind === 'node-cache' || hop.kind === 'nameserver'),
      )
      .map(({ from }) => formatPlace(from)),
  )
  return [...ways].filter((place) => {
    const own = rungs.filter(({ from }) => formatPlace(from) === place)
    const missed = own.filter(isMissed)
    return missed.length <= own.filter(({ result }) => result === 'ok').length
  })
}

/** Whether more questions to one kind of server were lost on our side than answered, with no permission that would help. */
function isKindMissed(rungs: readonly Rung[]): boolean {
  const balance = new Map<string, number>()
  for (const rung of rungs) {
    const { hop, result, needs } = rung
    const isLost = isMissed(rung) && needs === undefined
    balance.set(hop.kind, (balance.get(hop.kind) ?? 0) + (isLost ? -1 : result === 'ok' ? 1 : 0))
  }
  return [...balance.values()].some((count) => count < 0)
}

/** What a pod really asks was to be asked from there, and was not: that other servers answer says nothing about it. */
function hasUnseenNameserver(rungs: readonly Rung[]): boolean {
  const keyOf = ({ from, hop }: Rung): string => `${formatPlace(from)} ${hop.name}`
  const nameservers = rungs.filter(({ hop }) => hop.kind === 'nameserver')
  const answered = new Set(nameservers.filter(({ result }) => result === 'ok').map(keyOf))
  return nameservers.some((rung) => isMissed(rung) && !answered.has(keyOf(rung)))
}

function isMissed({ result, why }: Rung): boolean {
  return result === 'skipped' && MISSED.has(why?.key ?? '')
}

function pick<Status extends 'excluded' | 'not-checked'>(
  judged: readonly Judged[],
  status: Status,
): (Extract<Excluded | NotChecked, { status: Status }> & { code: CauseCode })[] {
  return judged.flatMap(({ cause, judgements }) =>
    judgements
      .filter(
        (judgement): judgement is Extract<Excluded | NotChecked, { status: Status }> => judgement.status === status,
      )
      .map((judgement) => ({ ...judgement, code: cause.code })),
  )
}
