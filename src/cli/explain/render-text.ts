// The explanation for people: the answer first, the reason under every record, then how it comes about.
import pc from 'picocolors'
import { ndotsOf, parseResolvConf, readSettings, type Hop, type ResolvConfEntry } from '../../route/index.ts'
import type { Asker, ExplainedRecord, Explanation, Lookup } from './explanation.ts'

type Colors = ReturnType<typeof pc.createColors>

/** Columns that prose is wrapped at. */
const WIDTH = 100
/** Reasons stand below records, which are longer than any terminal's line. */
const REASON_WIDTH = 132

/** Renders an explanation; ends with a line feed. */
export function renderText(explanation: Explanation, color: boolean): string {
  const colors = pc.createColors(color)
  const { lookups, asker } = explanation
  const answering = lookups.filter(({ asked, result }) => asked && result === 'records')
  const last = lookups.findLast(({ asked }) => asked)
  const shown = answering.length > 0 ? answering : last === undefined ? [] : [reportedMiss(explanation, last)]
  const sections = [
    answering.length > 0 ? [] : renderDoubt(explanation, colors),
    ...shown.map((lookup) => [
      ...renderNoMatch(explanation, lookup, colors),
      ...renderLookup(lookup, { conclusive: explanation.conclusive, colors }),
    ]),
    renderAddress(explanation, colors),
    renderSuggestions(explanation, colors),
    renderNotes(explanation),
    asker === null || !isKnownPlace(asker) ? [] : renderResolvConf(asker, colors),
    asker === null || lookups.length < 2 ? [] : renderSearchList(explanation, colors),
    renderWay(explanation, shown[0] ?? last, colors),
    renderMissing(explanation, colors),
  ]
  return `${sections
    .filter((lines) => lines.length > 0)
    .map((lines) => lines.join('\n'))
    .join('\n\n')}\n`
}

/** What is worth the headline when nothing was found: the candidate that comes nearest, else the last lookup. */
function reportedMiss({ lookups, nearest }: Explanation, last: Lookup): Lookup {
  return lookups.find(({ asked, name }) => asked && name === nearest) ?? last
}

// --- The answer ---

/** What holds only where everything was seen. */
const DENIALS: ReadonlySet<Lookup['result']> = new Set(['elsewhere', 'nodata', 'nxdomain'])

/** Above everything: that nothing was found proves nothing where not everything was seen. */
function renderDoubt({ question, missing }: Explanation, colors: Colors): string[] {
  if (missing.length === 0) return []
  const unseen = missing.map(({ what, why }) => `${what} (${why})`).join(', ')
  const [first = '', ...more] = wrap(`Cannot tell what ${question.text} gives here, for want of: ${unseen}.`, 0)
  return [first, ...more].map((text) => colors.yellow(text))
}

/** Above the nearest miss of a search list: the name as typed, and what was meant by it. */
function renderNoMatch(
  { question, lookups, nearest, suggestions }: Explanation,
  shown: Lookup,
  colors: Colors,
): string[] {
  const names = new Set(lookups.filter(({ asked }) => asked).map(({ name }) => name))
  if (nearest === null || names.size < 2 || shown.result === 'nodata') return []
  const isOutside = lookups.some(({ asked, result }) => asked && result === 'elsewhere')
  const meant = suggestions.find(({ name }) => name !== null)?.name ?? undefined
  const tried = `none of the ${names.size} names that it stands for is a name of this cluster`
  const last = isOutside ? '; an upstream is asked last' : ''
  const hint = meant === undefined ? '' : `; probably meant: ${meant}`
  const title = `${question.text} ${question.type}`
  const [first = '', ...more] = wrap(`${title}: ${tried}${last}${hint}`, 0)
  return [`${colors.bold(title)}${first.slice(title.length)}`, ...more, '']
}

function renderLookup(
  lookup: Lookup,
  { conclusive, colors }: { readonly conclusive: boolean; readonly colors: Colors },
): string[] {
  const { answer, additional, absence } = lookup
  const isDoubtful = !conclusive && DENIALS.has(lookup.result)
  const doubt = isDoubtful ? ', as far as could be seen' : ''
  const lines = [`${colors.bold(`${lookup.name} ${lookup.type}`)}: ${headline(lookup, colors)}${doubt}`]
  for (const record of answer) lines.push(...renderRecord(record, colors))
  if (additional.length > 0) {
    lines.push(colors.dim('  additional:'))
    const owners = additional.map(({ text }) => `    ${text}`)
    lines.push(...(owners.length > 12 ? [...owners.slice(0, 12), `    … and ${owners.length - 12} more`] : owners))
  }
  if (absence !== null) {
    if (lookup.readAs !== null) lines.push(...wrap(`It is read as ${lookup.readAs};`, 2))
    lines.push(...wrap(isDoubtful ? 'what it stands for was not seen.' : `${absence.text}.`, 2))
  }
  for (const record of lookup.authority) lines.push(colors.dim(`  authority: ${authorityText(record)}`))
  if (lookup.result === 'elsewhere' || lookup.result === 'overridden') {
    const { at, plugin, text, upstreams } = lookup.decidedBy
    const by = plugin === null ? text : `plugin ${plugin}${at === null ? '' : ` (${at})`}: ${text}`
    lines.push(...wrap(`${by}.`, 2))
    if (upstreams.length > 0) lines.push(`  upstreams: ${upstreams.join(', ')}`)
  }
  return lines
}

function headline(lookup: Lookup, colors: Colors): string {
  const count = lookup.answer.length
  switch (lookup.result) {
    case 'records':
      return colors.green(`${count} record${count === 1 ? '' : 's'}`)
    case 'nodata':
      return colors.yellow('no record of this type (NOERROR, NODATA)')
    case 'nxdomain':
      return colors.red('no such name (NXDOMAIN)')
    case 'refused':
      return colors.red('refused (REFUSED)')
    case 'servfail':
      return colors.red('nobody answers (SERVFAIL)')
    case 'overridden':
      return colors.yellow(`answered by plugin ${lookup.decidedBy.plugin ?? ''}, not from the cluster's objects`)
    case 'elsewhere':
      return colors.cyan(
        lookup.suffix === null
          ? 'no name of this cluster: an upstream answers'
          : 'nothing in this cluster says so: an upstream answers',
      )
  }
}

function renderRecord(record: ExplainedRecord, colors: Colors): string[] {
  const { object, field, why } = record
  const place =
    object === null ? '' : `${object.kind} ${object.namespace === '' ? '' : `${object.namespace}/`}${object.name}`
  const reason = [place === '' ? '' : `${place}: ${field}`, why].filter((part) => part !== '').join(', ')
  return [`  ${record.text}`, ...wrap(reason, 6, REASON_WIDTH).map((line) => colors.dim(line))]
}

/** The serial is the time of the last change that a running server saw, which objects alone do not tell. */
function authorityText({ text, rdata }: ExplainedRecord): string {
  if (rdata.type !== 'SOA') return text
  return text.replace(` ${rdata.serial} ${rdata.refresh} `, ` SERIAL ${rdata.refresh} `)
}

function renderAddress({ address }: Explanation, colors: Colors): string[] {
  if (address === null) return []
  const lines = [colors.bold(`What ${address.address} is`)]
  if (address.holders.length === 0) return [...lines, '  Nothing that was seen in this cluster has this address.']
  const names = address.holders.map(
    ({ kind, namespace, name }) => `${kind} ${namespace === '' ? '' : `${namespace}/`}${name}`,
  )
  const width = Math.min(Math.max(...names.map((name) => name.length)), 48)
  return [...lines, ...address.holders.map(({ text }, at) => `  ${(names[at] ?? '').padEnd(width)}  ${text}`)]
}

function renderSuggestions({ suggestions }: Explanation, colors: Colors): string[] {
  if (suggestions.length === 0) return []
  const lines = [colors.bold(suggestions.some(({ name }) => name !== null) ? 'Probably meant' : 'Why')]
  for (const { name, text, because, answer } of suggestions.slice(0, 4)) {
    if (name !== null) lines.push(`  ${colors.green(name)}`)
    lines.push(...wrap(text, name === null ? 2 : 6))
    for (const line of because.slice(0, 5)) lines.push(colors.dim(`      ${line}`))
    for (const record of answer.slice(0, 5)) lines.push(`      ${record.text}`)
  }
  if (suggestions.length > 4) lines.push(`  … and ${suggestions.length - 4} more`)
  return lines
}

function renderNotes({ notes }: Explanation): string[] {
  return notes.flatMap(({ text }, at) => [...(at > 0 ? [''] : []), ...wrap(text, 0)])
}

// --- The way ---

function renderResolvConf(asker: Asker, colors: Colors): string[] {
  const { resolvConf } = asker
  const policy =
    resolvConf.effective === resolvConf.dnsPolicy
      ? resolvConf.dnsPolicy
      : `${resolvConf.dnsPolicy}, in effect ${resolvConf.effective}`
  const { namespace, pod, node } = asker
  const who = pod === null ? `node ${node ?? ''}` : `pod ${namespace}/${pod}${node === null ? '' : ` on ${node}`}`
  const origin = originText(asker)
  const lines = [
    `${colors.bold(`resolv.conf of ${who}`)} (${pod === null ? origin : `${origin}; dnsPolicy ${policy}`})`,
  ]
  const width = Math.max(...resolvConf.entries.map((entry) => entryText(entry).length), 0)
  for (const entry of resolvConf.entries) {
    const text = entryText(entry).padEnd(width)
    lines.push(
      entry.cut === undefined
        ? `  ${text}  ${colors.dim(entry.why)}`
        : `  ${colors.strikethrough(text)}  ${colors.yellow(`cut off: ${entry.cut}`)} ${colors.dim(`(${entry.why})`)}`,
    )
  }
  if (resolvConf.lines.length > 0) {
    lines.push(...wrap("! the pod's file is not the one that kubelet would write today (-):", 2))
    const marks = { both: ' ', computed: '-', observed: '+' } as const
    for (const line of resolvConf.lines) {
      const text = `    ${marks[line.in]} ${line.text}`
      lines.push(line.in === 'both' ? colors.dim(text) : colors.yellow(text))
    }
  }
  for (const remark of resolvConf.remarks) lines.push(...wrap(`! ${remark}`, 2))
  return lines
}

/** A pod or a node, not anybody in a namespace. */
function isKnownPlace({ pod, namespace }: Asker): boolean {
  return pod !== null || namespace === ''
}

function originText({ pod, resolvConf: { origin, why } }: Asker): string {
  if (origin === 'observed') return pod === null ? 'read there' : 'read in the pod'
  if (pod === null) return why === null ? 'as kubelet reads it' : `as kubelet reads it; the node was not asked: ${why}`
  return why === null ? 'computed' : `computed, as it was not read: ${why}`
}

function entryText({ kind, value }: ResolvConfEntry): string {
  return `${kind === 'option' ? 'options' : kind} ${value}`
}

function renderSearchList({ lookups, asker, conclusive }: Explanation, colors: Colors): string[] {
  const ndots = asker === null ? 5 : ndotsOf(parseResolvConf(asker.resolvConf.text))
  const first = lookups.filter((lookup, at) => lookups.findIndex(({ name }) => name === lookup.name) === at)
  const width = Math.max(...first.map(({ name }) => name.length))
  const rows = first.map((lookup, at) => {
    const text = `  ${at + 1}  ${lookup.name.padEnd(width)}  `
    if (!lookup.asked) return colors.dim(`${text}not asked any more`)
    const answers = lookup.result === 'records' || lookup.result === 'overridden'
    const doubt = !conclusive && DENIALS.has(lookup.result) ? ', as far as could be seen' : ''
    return `${text}${shortResult(lookup)}${doubt}${answers ? colors.green('  <- this one answers') : ''}`
  })
  return [
    `${colors.bold('Names that are asked for, in this order')} (ndots ${ndots}; ${asker?.resolver ?? 'glibc'})`,
    ...rows,
  ]
}

function shortResult({ result, answer, decidedBy }: Lookup): string {
  switch (result) {
    case 'records':
      return `${answer.length} record${answer.length === 1 ? '' : 's'}`
    case 'elsewhere':
      return decidedBy.upstreams.length === 0 ? 'an upstream answers' : `upstream ${decidedBy.upstreams.join(' or ')}`
    case 'nodata':
      return 'NODATA'
    case 'overridden':
      return `plugin ${decidedBy.plugin ?? ''}`
    default:
      return result.toUpperCase()
  }
}

function renderWay(explanation: Explanation, lookup: Lookup | undefined, colors: Colors): string[] {
  if (lookup === undefined) return []
  const { decidedBy } = lookup
  const assumed = explanation.cluster.clusterDomain
  const caveat = assumed.origin === 'assumed' ? [colors.dim(`  cluster domain ${assumed.value}: ${assumed.from}`)] : []
  if (decidedBy.hops.length === 0) return [`${colors.bold('Answered by')} ${decidedBy.text}`, ...caveat]
  const isOwn = decidedBy.plugin === 'kubernetes' && (explanation.asker === null || !isKnownPlace(explanation.asker))
  if (isOwn) {
    const by = answerer(decidedBy)
    return [...wrap(`Answered by ${by}, plugin kubernetes (${decidedBy.at ?? decidedBy.text}).`, 0), ...caveat]
  }
  const lines = [colors.bold(`Way of the query for ${lookup.name}`)]
  const conf = parseResolvConf(explanation.asker?.resolvConf.text ?? '')
  const seconds = readSettings('glibc', conf).timeoutMs / 1000
  for (const [at, hop] of decidedBy.hops.entries()) {
    if (at > 0)
      lines.push(
        colors.dim(`  when that stays silent (glibc waits ${seconds} s; musl asks all at once), the next nameserver:`),
      )
    lines.push(...renderHop(hop, { depth: 1, until: decidedBy.plugin, colors }))
  }
  return [...lines, ...caveat]
}

/** `any of the 2 CoreDNS replicas behind Service kube-system/coredns (10.233.0.3)`. */
function answerer({ hops, path }: Lookup['decidedBy']): string {
  const service = hops.find(({ kind }) => kind === 'dns-service')
  const [only, ...others] = service?.next ?? []
  if (service === undefined || only === undefined) return path.at(-1) ?? 'CoreDNS'
  const behind = `behind ${service.label} (${service.address})`
  return others.length === 0 ? `${only.label} ${behind}` : `any of the ${others.length + 1} CoreDNS replicas ${behind}`
}

interface HopStyle {
  readonly depth: number
  /** The plugin that answers: what stands behind it in the chain is not shown. */
  readonly until: string | null
  readonly colors: Colors
}

const OVER = { client: '', https: ' over HTTPS', tcp: ' over TCP', tls: ' over TLS', 'udp-first': ' over UDP' } as const

function renderHop(hop: Hop, style: HopStyle): string[] {
  const { depth, until, colors } = style
  const at = hop.label.includes(hop.address) ? '' : ` ${hop.address}`
  const port = hop.port === 53 ? '' : `:${hop.port}`
  const end = hop.steps.findIndex(({ plugin }) => plugin === until)
  const steps = end < 0 ? hop.steps : hop.steps.slice(0, end + 1)
  const does = steps
    .map(({ plugin, effect, text }) => (effect === 'renames' ? `${plugin} ${text}` : plugin))
    .join(', then ')
  const block =
    hop.block === undefined ? '' : `  block ${hop.block.keys.join(' ')} (${hop.block.at.file}:${hop.block.at.line})`
  const indent = '  '.repeat(depth)
  const tail = colors.dim(`${block}${does === '' ? '' : `: ${does}`}`)
  const lines = [`${indent}${hop.label}${at}${port}${OVER[hop.transport]}${tail}`]
  if (hop.note !== undefined && end < 0) lines.push(colors.yellow(`${indent}  ! ${hop.note}`))
  if (end >= 0 && steps.at(-1)?.forward === undefined) return lines
  if (hop.next.length > 1) lines.push(colors.dim(`${indent}  one of (${hop.policy ?? 'any'}):`))
  const deeper = { ...style, depth: depth + (hop.next.length > 1 ? 2 : 1) }
  for (const next of hop.next) lines.push(...renderHop(next, deeper))
  return lines
}

function renderMissing({ missing }: Explanation, colors: Colors): string[] {
  return missing.map(({ what, why, needs }) =>
    colors.yellow(`Not seen: ${what} (${why}; needs: ${needs}), so this may be incomplete.`),
  )
}

// --- Text ---

function wrap(text: string, indent: number, width: number = WIDTH): string[] {
  const lines: string[] = []
  let line = ''
  for (const word of text.split(' ')) {
    if (line !== '' && line.length + word.length + 1 > width - indent) {
      lines.push(line)
      line = word
    } else line = line === '' ? word : `${line} ${word}`
  }
  return [...lines, line].map((each) => `${' '.repeat(indent)}${each}`)
}
