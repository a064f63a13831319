// The trace as a tree for people: lookup, queries, hops; a difference is marked where it is first seen.
import pc from 'picocolors'
import { RESOLVER_TRAITS } from '../../route/index.ts'
import { formatExpectation, formatObservation } from './say-hop.ts'
import type { TraceReport, TracedHop, TracedQuery } from './trace-report.ts'

type Colors = ReturnType<typeof pc.createColors>

/** Renders a trace; ends with a line feed. */
export function renderText(report: TraceReport, color: boolean): string {
  const colors = pc.createColors(color)
  const nothing = whyNothing(report)
  const lines = [
    `${colors.bold(`${report.name} ${report.types.join(' and ')}`)} from ${placeText(report)}`,
    `resolver: ${RESOLVER_TRAITS[report.resolver].title}`,
    ...report.notes.map((note) => `note: ${note}`),
    ...(nothing === undefined ? [] : [colors.yellow(`nothing was asked: ${nothing}`)]),
    '',
    ...renderConf(report, colors),
    '',
    ...report.queries.flatMap((query, index) => [
      ...renderQuery(query, { number: index + 1, colors, saySkips: nothing === undefined }),
      '',
    ]),
    ...renderOutcome(report, colors),
  ]
  return `${lines.join('\n')}\n`
}

/** Why not one hop could be asked; said once then, instead of at every hop. */
function whyNothing({ queries }: TraceReport): string | undefined {
  const [first] = queries
  if (first === undefined || queries.some(({ hop }) => wasAsked(hop))) return undefined
  const { why, needs } = first.hop
  return needs === null ? (why ?? '') : `${why ?? ''} (${needs})`
}

function wasAsked(hop: TracedHop): boolean {
  return hop.result !== 'skipped' || hop.next.some(wasAsked)
}

interface Style {
  readonly colors: Colors
  readonly saySkips: boolean
}

function placeText({ from: { place, node, how } }: TraceReport): string {
  const on = node === null || place === `node/${node}` ? '' : ` on ${node}`
  return `${place}${on}${how === null ? '' : ` (${how})`}`
}

function renderConf({ resolvConf }: TraceReport, colors: Colors): string[] {
  const { origin, text, computed, lines, why } = resolvConf
  const title =
    origin === 'observed'
      ? `/etc/resolv.conf, read there${computed === null ? '' : `; ${colors.red('not what kubelet would write today')}`}`
      : `/etc/resolv.conf, computed as kubelet writes it (not read: ${why ?? ''})`
  const indented = (file: string): string[] =>
    file
      .trimEnd()
      .split('\n')
      .map((line) => `  ${line}`)
  if (computed === null) return [title, ...indented(text)]
  const marks = { both: ' ', computed: '-', observed: '+' } as const
  return [
    title,
    ...lines.map((line) => `${marks[line.in]} ${line.text}`),
    colors.dim('  (-: kubelet would write it; +: only the pod has it)'),
  ]
}

function renderQuery(query: TracedQuery, { number, ...style }: Style & { readonly number: number }): string[] {
  const { name, type, suffix, nameserver, transport, edns, atMs, hop } = query
  const searched = suffix === null ? '' : ` (search ${suffix})`
  const at = atMs === 0 ? '' : `, after ${formatWait(atMs)} of waiting`
  const title = `${number}. ${name} ${type}${searched} to ${nameserver} over ${transport.toUpperCase()}${edns ? ', EDNS' : ''}${at}`
  return [style.colors.bold(title), ...renderHop(hop, 1, style)]
}

function renderHop(hop: TracedHop, depth: number, style: Style): string[] {
  const { colors, saySkips } = style
  const indent = '   '.repeat(depth)
  const paint = hop.result === 'ok' ? colors.green : hop.result === 'failed' ? colors.red : colors.yellow
  const host = hop.address.includes(':') ? `[${hop.address}]` : hop.address
  const time = hop.rttMs === null ? '' : `  ${hop.rttMs.toFixed(1)} ms`
  const first = hop.isFirstDifference ? `  ${colors.red('<-- first difference')}` : ''
  const lines = [
    `${indent}${paint(hop.result.padEnd(7))} ${hop.label}  ${host}:${hop.port}/${hop.transport}  ${formatObservation(hop.observed)}${time}${first}`,
  ]
  const detail = `${indent}        `
  if (hop.result === 'failed') lines.push(`${detail}expected: ${formatExpectation(hop.expected)}; ${hop.why ?? ''}`)
  if (hop.result === 'skipped') {
    const needs = hop.needs === null ? '' : ` (${hop.needs})`
    lines.push(`${detail}expected: ${formatExpectation(hop.expected)}${saySkips ? `; ${hop.why ?? ''}${needs}` : ''}`)
  }
  if (hop.note !== null) lines.push(`${detail}note: ${hop.note}`)
  for (const { plugin, at, text } of hop.plugins) lines.push(colors.dim(`${detail}${plugin} (${at}): ${text}`))
  if (hop.equivalent !== '') {
    // kubectl is typed at the workstation and names the place itself.
    const where = hop.equivalent.startsWith('kubectl ') ? '' : `   (in ${hop.from})`
    lines.push(colors.dim(`${detail}$ ${hop.equivalent}${where}`))
  }
  if (hop.chosen.length > 0) {
    const flows = hop.chosen.map(({ address, flows }) => `${flows} to ${address}`).join(', ')
    lines.push(`${detail}kube-proxy chose, by the node's connection table: ${flows}`)
  }
  if (hop.notAsked > 0) {
    const replicas = hop.notAsked === 1 ? 'replica was' : 'replicas were'
    lines.push(`${detail}${hop.notAsked} more ${replicas} not asked: --all-replicas asks each`)
  }
  return [...lines, ...hop.next.flatMap((next) => renderHop(next, depth + 1, style))]
}

function renderOutcome(
  { outcome, waitedMs, queries, firstDifference, resolver }: TraceReport,
  colors: Colors,
): string[] {
  const waited = waitedMs === 0 ? '' : `; ${resolver} waits ${formatWait(waitedMs)} for silent servers`
  const asked = queries.some(({ hop }) => wasAsked(hop))
  const count = `${queries.length} ${queries.length === 1 ? 'query' : 'queries'}`
  return [
    `${colors.bold(asked ? 'outcome:' : 'expected outcome:')} ${outcomeText(outcome)}, ${count}${waited}`,
    firstDifference === null
      ? asked
        ? 'Every hop that was asked answered as expected.'
        : 'No hop was asked: run this on a node of the cluster as root, or on a lab with --lab.'
      : `${colors.bold('first difference:')} ${firstDifference}`,
  ]
}

function outcomeText(outcome: TraceReport['outcome']): string {
  switch (outcome.kind) {
    case 'found':
      return `found as ${outcome.name} (${outcome.types.join(', ')})`
    case 'again':
      return 'temporary failure (EAI_AGAIN)'
    case 'bad-name':
      return 'not a name that is asked for'
    case 'failed':
      return 'failure (EAI_FAIL)'
    case 'no-data':
      return 'the name exists without such records (EAI_NODATA)'
    case 'not-found':
      return 'not found (EAI_NONAME)'
  }
}

function formatWait(ms: number): string {
  return ms < 1000 ? `${Math.round(ms)} ms` : `${(ms / 1000).toFixed(1).replace(/\.0$/, '')} s`
}
