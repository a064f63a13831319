// A .rpl file to steps. Its language is in README.md.
import { parseGoDuration } from '../../src/base/index.ts'
import {
  parseName,
  parseRecord,
  type DomainName,
  type RRType,
  type Rcode,
  type ResourceRecord,
} from '../../src/dns/index.ts'

export type HeaderBit = 'aa' | 'ad' | 'ra' | 'tc'

export interface Records {
  readonly answer: readonly ResourceRecord[]
  readonly authority: readonly ResourceRecord[]
  readonly additional: readonly ResourceRecord[]
}

/** What comes first, before the response proper. */
export type Disturbance = 'MALFORMED' | 'OTHER_QUESTION' | 'WRONG_ID'

export interface Reaction {
  /** Undefined: any. */
  readonly name: DomainName | undefined
  readonly type: RRType | undefined
  readonly transport: 'tcp' | 'udp' | undefined
  readonly afterMs: number
  readonly disturbances: readonly Disturbance[]
  readonly end:
    | { readonly kind: 'port-closed' }
    | {
        readonly kind: 'response'
        readonly rcode: Rcode
        readonly bits: readonly HeaderBit[]
        readonly records: Records
      }
    | { readonly kind: 'silent' }
  /** How often it is used; Infinity when the line does not say. */
  times: number
}

export type Step = { readonly line: number } & (
  | { readonly kind: 'corefile'; readonly text: string }
  | { readonly kind: 'server'; readonly server: string; readonly reactions: readonly Reaction[] }
  | { readonly kind: 'query'; readonly text: string; readonly label: string }
  | {
      readonly kind: 'response'
      readonly label: string | undefined
      readonly rcode: Rcode
      readonly bits: readonly HeaderBit[]
      readonly records: Records
    }
  | { readonly kind: 'no-response'; readonly label: string | undefined }
  | { readonly kind: 'time-passes'; readonly ms: number }
  | {
      readonly kind: 'asked'
      readonly server: string
      readonly count: number
      readonly transport: 'tcp' | 'udp' | undefined
    }
  | { readonly kind: 'probed'; readonly server: string; readonly count: number }
  | { readonly kind: 'metric'; readonly name: string; readonly labels: readonly string[]; readonly value: string }
  | { readonly kind: 'log'; readonly text: string }
  | { readonly kind: 'file'; readonly path: string; readonly text: string }
)

interface Lines {
  readonly all: readonly string[]
  at: number
}

/** Parses a replay. @throws {Error} with the line's number */
export function parseReplay(text: string): readonly Step[] {
  const lines: Lines = { all: text.split('\n'), at: 0 }
  const steps: Step[] = []
  while (lines.at < lines.all.length) {
    const line = lines.at + 1
    const content = takeLine(lines)
    if (content === '') continue
    try {
      steps.push({ line, ...parseStep(content, lines) })
    } catch (error) {
      throw new Error(`line ${line}: ${error instanceof Error ? error.message : String(error)}`, { cause: error })
    }
  }
  return steps
}

type StepBody = Step extends infer One ? (One extends Step ? Omit<One, 'line'> : never) : never

function parseStep(content: string, lines: Lines): StepBody {
  const [word = '', ...words] = content.split(/\s+/)
  switch (word) {
    case 'COREFILE':
      return { kind: 'corefile', text: takeBlock(lines).join('\n') }
    case 'FILE':
      return { kind: 'file', path: words[0] ?? '', text: takeBlock(lines).join('\n') }
    case 'SERVER':
      return { kind: 'server', server: endpointText(words[0] ?? ''), reactions: parseReactions(takeBlock(lines)) }
    case 'QUERY': {
      const as = words.indexOf('AS')
      const label = as < 0 ? '' : (words[as + 1] ?? '')
      return { kind: 'query', text: (as < 0 ? words : words.slice(0, as)).join(' '), label }
    }
    case 'RESPONSE': {
      const hasLabel = words[0] !== undefined && /[a-z]/.test(words[0])
      const [rcode = '', ...bits] = hasLabel ? words.slice(1) : words
      const label = hasLabel ? words[0] : undefined
      return { kind: 'response', label, rcode, bits: parseBits(bits), records: takeRecords(lines) }
    }
    case 'NO_RESPONSE':
      return { kind: 'no-response', label: words[0] }
    case 'TIME_PASSES':
      return { kind: 'time-passes', ms: parseGoDuration(words[0] ?? '') }
    case 'ASKED': {
      const [server = '', count = '', transport] = words
      if (transport !== undefined && transport !== 'udp' && transport !== 'tcp')
        throw new Error(`no transport ${transport}`)
      return { kind: 'asked', server: endpointText(server), count: Number(count), transport }
    }
    case 'PROBED':
      return { kind: 'probed', server: endpointText(words[0] ?? ''), count: Number(words[1]) }
    case 'METRIC': {
      const [, name, labels = '', value] = /^METRIC\s+(\w+)(?:\{(.*)\})?\s+(\S+)$/.exec(content) ?? []
      if (name === undefined || value === undefined) throw new Error(`no metric: ${content}`)
      return { kind: 'metric', name, labels: labels.match(/\w+="(?:[^"\\]|\\.)*"/g) ?? [], value }
    }
    case 'LOG':
      return { kind: 'log', text: content.slice('LOG '.length) }
    default:
      throw new Error(`no step ${word}`)
  }
}

// --- SERVER ---

function parseReactions(block: readonly string[]): Reaction[] {
  const lines: Lines = { all: block, at: 0 }
  const reactions: Reaction[] = []
  while (lines.at < lines.all.length) {
    const content = takeLine(lines)
    if (content !== '') reactions.push(parseReaction(content.split(/\s+/), lines))
  }
  return reactions
}

function parseReaction([name = '', type = '', ...words]: readonly string[], lines: Lines): Reaction {
  let afterMs = 0
  let times = Infinity
  let transport: Reaction['transport']
  const disturbances: Disturbance[] = []
  const rest: string[] = []
  for (let word = words.shift(); word !== undefined; word = words.shift()) {
    if (word === 'AFTER') afterMs = parseGoDuration(words.shift() ?? '')
    else if (word === 'TIMES') times = Number(words.shift())
    else if (word === 'UDP') transport = 'udp'
    else if (word === 'TCP') transport = 'tcp'
    else if (word === 'MALFORMED' || word === 'OTHER_QUESTION' || word === 'WRONG_ID') disturbances.push(word)
    else rest.push(word)
  }
  const [what = '', ...bits] = rest
  const records = takeRecords(lines)
  return {
    name: name === '*' ? undefined : parseName(name).toLowerCase(),
    type: type === '*' ? undefined : type,
    transport,
    afterMs,
    disturbances,
    times,
    end: endOf(what, bits, records),
  }
}

function endOf(what: string, bits: readonly string[], records: Records): Reaction['end'] {
  if (what === 'SILENT') return { kind: 'silent' }
  if (what === 'PORT_CLOSED') return { kind: 'port-closed' }
  if (!/^[A-Z]+\d*$/.test(what)) throw new Error(`no reaction: ${what}`)
  return { kind: 'response', rcode: what, bits: bits.length === 0 ? ['ra'] : parseBits(bits), records }
}

// --- Pieces ---

function parseBits(words: readonly string[]): HeaderBit[] {
  return words.map((word) => {
    if (word === 'aa' || word === 'ad' || word === 'ra' || word === 'tc') return word
    throw new Error(`no header bit ${word}`)
  })
}

function takeLine(lines: Lines): string {
  const content = (lines.all[lines.at] ?? '').trim()
  lines.at += 1
  return content.startsWith(';') ? '' : content
}

function takeBlock(lines: Lines): string[] {
  const block: string[] = []
  while (lines.at < lines.all.length) {
    const content = lines.all[lines.at] ?? ''
    lines.at += 1
    if (content.trim() === 'END') return block
    block.push(content)
  }
  throw new Error('block without END')
}

/** The lines that begin with a section's name. */
function takeRecords(lines: Lines): Records {
  const records = {
    answer: [] as ResourceRecord[],
    authority: [] as ResourceRecord[],
    additional: [] as ResourceRecord[],
  }
  while (lines.at < lines.all.length) {
    const content = (lines.all[lines.at] ?? '').trim()
    const [, section, text] = /^(ANSWER|AUTHORITY|ADDITIONAL)\s+(.*)$/.exec(content) ?? []
    if (section !== undefined && text !== undefined) {
      records[section.toLowerCase() as keyof Records].push(parseRecord(text))
    } else if (content !== '' && !content.startsWith(';')) {
      break
    }
    lines.at += 1
  }
  return records
}

function endpointText(text: string): string {
  return /:\d+$/.test(text) ? text : `${text}:53`
}
