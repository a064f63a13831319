// Folds the ladder's rungs into rows a person can read: one hop from one place or from several that saw the same.
import type { HopKind, RungTransport } from '../ladder/index.ts'
import type { ReportRung } from './doctor-report.ts'

/** What became of one hop over one transport. */
export interface LadderCell {
  readonly result: ReportRung['result']
  /** Rungs with that result, and all of them; attempts where questions were repeated. */
  readonly count: number
  readonly all: number
  readonly isRepeated: boolean
  /** Least and greatest time of the rungs that brought a response; undefined when none did. */
  readonly rttMs?: { readonly least: number; readonly greatest: number }
  /** Why the first of the failed or skipped rungs is. */
  readonly why?: string
  readonly purposes: readonly string[]
  readonly rungs: readonly ReportRung[]
}

export interface LadderRow {
  readonly hop: HopKind
  readonly server: string
  readonly node?: string
  /** Address without port. */
  readonly address: string
  readonly from: readonly string[]
  readonly cells: Readonly<Partial<Record<RungTransport, LadderCell>>>
  /** The command for the first failed rung, or the first one. */
  readonly equivalent: string
}

/** Rows in the order of the ladder. */
export function foldLadder(rungs: readonly ReportRung[]): LadderRow[] {
  const hops = groupBy(rungs, (rung) => `${rung.hop} ${rung.server} ${rung.node ?? ''} ${dnsAddress(rung)}`)
  return hops.flatMap((own) => {
    const places = groupBy(own, ({ from }) => from)
    return groupBy(places, signatureOf).map((same) => rowOf(same.flat()))
  })
}

/** Rows that a table has room for, in their order: those with a failure before those without; and how many are left out. */
export function limitRows(
  rows: readonly LadderRow[],
  most: number,
): { readonly rows: readonly LadderRow[]; readonly left: number } {
  if (rows.length <= most) return { rows, left: 0 }
  const isOdd = ({ cells }: LadderRow): boolean =>
    Object.values(cells).some(({ result }) => result === 'failed' || result === 'intermittent')
  const kept = new Set([...rows.filter(isOdd), ...rows.filter((row) => !isOdd(row))].slice(0, most))
  return { rows: rows.filter((row) => kept.has(row)), left: rows.length - kept.size }
}

/** Rows of one table at most: a page of thousands is read by nobody; the JSON has them all. */
export const MAX_ROWS = 200

/** HTTP rungs belong to the row of their server's DNS address. */
function dnsAddress(rung: ReportRung): string {
  return rung.transport === 'http' || rung.hop !== 'dns-service' ? '' : addressOf(rung.to)
}

function rowOf(rungs: readonly ReportRung[]): LadderRow {
  const [first] = rungs
  if (first === undefined) throw new RangeError('a row needs a rung')
  const named = rungs.find(({ transport }) => transport !== 'http') ?? first
  const shown = rungs.find(({ result }) => result === worstOf(rungs) && result !== 'skipped') ?? named
  const cells: Partial<Record<RungTransport, LadderCell>> = {}
  for (const transport of ['udp', 'tcp', 'http'] as const) {
    const own = rungs.filter((rung) => rung.transport === transport)
    if (own.length > 0) cells[transport] = cellOf(own)
  }
  return {
    hop: first.hop,
    server: first.server,
    ...(first.node === undefined ? {} : { node: first.node }),
    address: addressOf(named.to),
    from: [...new Set(rungs.map(({ from }) => from))],
    cells,
    equivalent: shown.equivalent,
  }
}

function cellOf(rungs: readonly ReportRung[]): LadderCell {
  const result = worstOf(rungs)
  const own = rungs.filter((rung) => rung.result === result)
  const times = rungs.flatMap(timesOf)
  const why = own.find((rung) => rung.why !== undefined)?.why
  return {
    result,
    ...countOf(result, rungs),
    ...(times.length === 0 ? {} : { rttMs: { least: Math.min(...times), greatest: Math.max(...times) } }),
    ...(why === undefined ? {} : { why }),
    purposes: [...new Set(own.map(({ purpose }) => purpose))],
    rungs,
  }
}

/** Times of responses; of many only what is needed to tell their range. */
export function timesOf({ rttMs, repeats }: ReportRung): number[] {
  if (repeats !== undefined) return repeats.rttMs === null ? [] : Object.values(repeats.rttMs)
  return rttMs === null ? [] : [rttMs]
}

function countOf(
  result: ReportRung['result'],
  rungs: readonly ReportRung[],
): Pick<LadderCell, 'all' | 'count' | 'isRepeated'> {
  const repeated = rungs.flatMap(({ repeats }) => (repeats === undefined ? [] : [repeats]))
  if (repeated.length === 0 || result === 'skipped') {
    return { count: rungs.filter((rung) => rung.result === result).length, all: rungs.length, isRepeated: false }
  }
  const key = result === 'ok' ? 'ok' : 'failed'
  return {
    count: repeated.reduce((sum, counts) => sum + counts[key], 0),
    all: repeated.reduce((sum, { asked }) => sum + asked, 0),
    isRepeated: true,
  }
}

/** Failed before anything else; skipped only when nothing was asked: a skipped rung never counts as passed. */
export function worstOf(rungs: readonly ReportRung[]): ReportRung['result'] {
  if (rungs.some(({ result }) => result === 'failed')) return 'failed'
  if (rungs.some(({ result }) => result === 'intermittent')) return 'intermittent'
  return rungs.every(({ result }) => result === 'skipped') ? 'skipped' : 'ok'
}

/** Places with the same signature share a row. */
function signatureOf(rungs: readonly ReportRung[]): string {
  return rungs.map(({ transport, purpose, result, why }) => `${transport} ${purpose} ${result} ${why ?? ''}`).join('|')
}

function addressOf(to: string): string {
  return to.replace(/:\d+$/, '').replaceAll(/[[\]]/g, '')
}

function groupBy<Item>(items: readonly Item[], key: (item: Item) => string): Item[][] {
  const groups = new Map<string, Item[]>()
  for (const item of items) {
    const name = key(item)
    const group = groups.get(name)
    if (group === undefined) groups.set(name, [item])
    else group.push(item)
  }
  return [...groups.values()]
}
