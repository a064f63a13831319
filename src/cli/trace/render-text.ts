// The trace as a tree for people: lookup, queries, hops; a difference is marked where it is first seen.
import pc from 'picocolors'
import { formatExpectation, formatObservation } from './say-hop.ts'
import { wasAsked } from './trace-report.ts'
import type { TraceReport, TracedHop, TracedQuery } from './trace-report.ts'
import { createSay } from './wording/index.ts'
import type { Say } from './wording/index.ts'

type Colors = ReturnType<typeof pc.createColors>

/** Renders a trace in its language; ends with a line feed. */
export function renderText(report: TraceReport, color: boolean): string {
  const colors = pc.createColors(color)
  const say = createSay(report.language)
  const nothing = whyNothing(report, say)
  const style: Style = { colors, say, saidSkips: new Set(nothing === undefined ? [] : [nothing]) }
  const types = report.types.join(say.words('type-joint'))
  const lines = [
    colors.bold(say.words('title', { name: report.name, types, place: placeText(report, say) })),
    say.words('resolver', { resolver: say.resolver(report.resolver) }),
    ...report.notes.map((note) => say.words('note', { note })),
    ...(nothing === undefined ? [] : [colors.yellow(say.words('nothing', { why: nothing }))]),
    '',
    ...renderConf(report, style),
    '',
    ...report.queries.flatMap((query, index) => [...renderQuery(query, { number: index + 1, ...style }), '']),
    ...renderOutcome(report, style),
  ]
  return `${lines.join('\n')}\n`
}

/** Why not one hop could be asked; said once then, instead of at every hop. */
function whyNothing({ queries }: TraceReport, say: Say): string | undefined {
  const [first] = queries
  if (first === undefined || queries.some(({ hop }) => wasAsked(hop))) return undefined
  return whyText(first.hop, say)
}

function whyText({ why, needs }: TracedHop, say: Say): string {
  return needs === null ? (why ?? '') : say.words('needs', { why: why ?? '', needs })
}

interface Style {
  readonly colors: Colors
  readonly say: Say
  /** Why hops were skipped, as far as it was said: once is enough. */
  readonly saidSkips: Set<string>
}

function placeText({ from: { place, node, how } }: TraceReport, say: Say): string {
  const at = node === null || place === `node/${node}` ? place : say.words('place-on', { place, node })
  return how === null ? at : say.words('place-how', { place: at, how })
}

function renderConf({ resolvConf }: TraceReport, { colors, say }: Style): string[] {
  const { origin, text, computed, lines, why } = resolvConf
  const title =
    origin === 'computed'
      ? say.words('conf-computed', { why: why ?? '' })
      : computed === null
        ? say.words('conf-read')
        : `${say.words('conf-read')}; ${colors.red(say.words('conf-other'))}`
  if (computed === null) {
    const file = text.trimEnd().split('\n')
    return [title, ...file.map((line) => `  ${line}`)]
  }
  const marks = { both: ' ', computed: '-', observed: '+' } as const
  const compared = lines.map((line) => `${marks[line.in]} ${line.text}`)
  return [title, ...compared, colors.dim(`  ${say.words('conf-legend')}`)]
}

function renderQuery(query: TracedQuery, { number, ...style }: Style & { readonly number: number }): string[] {
  const { name, type, suffix, nameserver, transport, edns, atMs, hop } = query
  const { say, colors } = style
  const title = say.words('query', {
    number,
    name,
    type,
    nameserver,
    search: suffix === null ? '' : say.words('query-search', { suffix }),
    transport: transport.toUpperCase(),
    edns: edns ? say.words('query-edns') : '',
    wait: atMs === 0 ? '' : say.words('query-wait', { wait: formatWait(atMs) }),
  })
  return [colors.bold(title), ...renderHop(hop, 1, style)]
}

function renderHop(hop: TracedHop, depth: number, style: Style): string[] {
  const { colors, say, saidSkips } = style
  const indent = '   '.repeat(depth)
  const paint = hop.result === 'ok' ? colors.green : hop.result === 'failed' ? colors.red : colors.yellow
  const host = hop.address.includes(':') ? `[${hop.address}]` : hop.address
  const time = hop.rttMs === null ? '' : `  ${hop.rttMs.toFixed(1)} ms`
  const first = hop.isFirstDifference ? `  ${colors.red(say.words('first'))}` : ''
  const seen = formatObservation(hop.observed, say)
  const result = paint(say.words(hop.result).padEnd(say.language === 'zh' ? 4 : 7))
  const lines = [`${indent}${result} ${hop.label}  ${host}:${hop.port}/${hop.transport}  ${seen}${time}${first}`]
  const detail = `${indent}        `
  const expected = formatExpectation(hop.expected, say)
  if (hop.result === 'failed') lines.push(detail + say.words('expected-why', { expected, why: hop.why ?? '' }))
  if (hop.result === 'skipped') {
    const why = whyText(hop, say)
    lines.push(detail + say.words(saidSkips.has(why) ? 'expected' : 'expected-why', { expected, why }))
    saidSkips.add(why)
  }
  if (hop.note !== null) lines.push(detail + say.words('note', { note: hop.note }))
  for (const { plugin, at, text } of hop.plugins) lines.push(colors.dim(`${detail}${plugin} (${at}): ${text}`))
  if (hop.equivalent !== '') {
    // kubectl is typed at the workstation and names the place itself.
    const isPlaced = hop.equivalent.startsWith('kubectl ')
    const typed = isPlaced ? `$ ${hop.equivalent}` : say.words('typed', { command: hop.equivalent, place: hop.from })
    lines.push(colors.dim(detail + typed))
  }
  if (hop.chosen.length > 0) {
    const flows = hop.chosen.map(({ address, flows }) => say.words('chosen-flow', { count: flows, address }))
    lines.push(detail + say.words('chosen', { flows: flows.join(say.words('list-joint')) }))
  }
  if (hop.pick !== null) lines.push(detail + pickText(hop, hop.pick, say))
  return [...lines, ...hop.next.flatMap((next) => renderHop(next, depth + 1, style))]
}

/** Which replica follows, and why that one: it need not be the one that answered. */
function pickText({ notAsked: count, result }: TracedHop, pick: NonNullable<TracedHop['pick']>, say: Say): string {
  const { by, address, why } = pick
  if (by === 'flows') return say.words('pick-flows', { address, count })
  if (result === 'skipped') return say.words('pick-any', { address, count })
  return say.words('pick-order', { address, count, why: why === null ? '' : say.words('pick-why', { why }) })
}

function renderOutcome(report: TraceReport, { colors, say }: Style): string[] {
  const { outcome, waitedMs, queries, firstDifference, resolver } = report
  // What the resolver gets is known where its own nameserver was asked.
  const isKnown = queries.some(({ hop }) => hop.result !== 'skipped')
  const line = say.words('outcome-line', {
    outcome: outcomeText(outcome, say),
    count: queries.length,
    waited: waitedMs === 0 ? '' : say.words('waited', { resolver, wait: formatWait(waitedMs) }),
  })
  return [
    `${colors.bold(say.words(isKnown ? 'outcome' : 'expected-outcome'))} ${line}`,
    firstDifference === null
      ? say.words(queries.some(({ hop }) => wasAsked(hop)) ? 'all-well' : 'none-asked', {
          skipped: skippedText(report, say),
        })
      : `${colors.bold(say.words('first-difference'))} ${firstDifference}`,
    ...debugNotes(report, say).map((note) => colors.dim(note)),
  ]
}

/** Who types what is shown should know what it leaves behind. */
function debugNotes({ queries }: TraceReport, say: Say): string[] {
  const commands = queries.flatMap(({ hop }) => commandsOf(hop))
  const [inPod, inNode] = [/^kubectl debug (?!.*\bnode\/)/, /^kubectl debug (?=.*\bnode\/)/]
  return [
    ...(commands.some((command) => inPod.test(command)) ? [say.words('debug-stays')] : []),
    ...(commands.some((command) => inNode.test(command)) ? [say.words('debug-node-stays')] : []),
  ]
}

function commandsOf({ equivalent, next }: TracedHop): string[] {
  return [equivalent, ...next.flatMap(commandsOf)]
}

/** What was not asked never counts as passed. */
function skippedText({ queries }: TraceReport, say: Say): string {
  const count = queries.map(({ hop }) => countSkipped(hop)).reduce((sum, each) => sum + each, 0)
  return count === 0 ? '' : say.words('some-skipped', { count })
}

function countSkipped({ result, next }: TracedHop): number {
  return next.map(countSkipped).reduce((sum, each) => sum + each, result === 'skipped' ? 1 : 0)
}

function outcomeText(outcome: TraceReport['outcome'], say: Say): string {
  if (outcome.kind !== 'found') return say.words(outcome.kind === 'failed' ? 'failed-outcome' : outcome.kind)
  return say.words('found', { name: outcome.name, types: outcome.types.join(', ') })
}

function formatWait(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`
}
