// Log formats: text with placeholders, read once, written per query.
import { opcodeNumber } from '../../dns/index.ts'
import type { Outcome, Request } from '../../server/index.ts'

/** CoreDNS's default. */
export const COMMON_FORMAT =
  '{remote}:{port} - {>id} "{type} {class} {name} {proto} {size} {>do} {>bufsize}" {rcode} {>rflags} {rsize} {duration}'
const COMBINED_FORMAT = `${COMMON_FORMAT} "{>opcode}"`

/** What a line is made of. */
export interface LogEntry {
  readonly request: Request
  readonly outcome: Outcome
  /** The response's octets; undefined when none is sent. */
  readonly octets: Uint8Array | undefined
  readonly durationMs: number
}

/** A format, read: pieces that are put together. */
export type Format = readonly ((entry: LogEntry) => string)[]

/** Replaces the two names of whole formats. */
export function expandFormat(text: string): string {
  return text.replaceAll('{common}', COMMON_FORMAT).replaceAll('{combined}', COMBINED_FORMAT)
}

/** Reads a format; braces around what is no placeholder stay as they are. */
export function parseFormat(text: string): Format {
  const pieces: Format[number][] = []
  let at = 0
  for (const match of text.matchAll(/\{(\/?[^{}]*)\}/g)) {
    const piece = pieceOf(match[1] ?? '')
    if (piece === undefined) continue
    const literal = text.slice(at, match.index)
    if (literal !== '') pieces.push(() => literal)
    pieces.push(piece)
    at = match.index + match[0].length
  }
  const rest = text.slice(at)
  if (rest !== '') pieces.push(() => rest)
  return pieces
}

/** One line. */
export function formatEntry(format: Format, entry: LogEntry): string {
  let line = ''
  for (const piece of format) line += piece(entry)
  return line
}

const EMPTY = '-'

function pieceOf(name: string): Format[number] | undefined {
  if (Object.hasOwn(PIECES, name)) return PIECES[name]
  if (!name.startsWith('/')) return undefined
  const label = name.slice(1)
  return ({ request }) => request.metadata?.get(label)?.() ?? EMPTY
}

const PIECES: Readonly<Record<string, Format[number]>> = {
  type: ({ request }) => request.type,
  name: ({ request }) => request.name,
  class: ({ request }) => request.class,
  proto: ({ request }) => (request.transport === 'udp' ? 'udp' : 'tcp'),
  size: ({ request }) => String(request.sizeBytes),
  remote: ({ request }) => bracketed(request.client.address),
  port: ({ request }) => String(request.client.port),
  local: ({ request }) => bracketed(request.local.address),
  rcode: ({ outcome }) => rcodeOf(outcome) ?? EMPTY,
  rsize: ({ octets }) => String(octets?.length ?? 0),
  duration: ({ durationMs }) => `${trimmed((durationMs / 1000).toFixed(9))}s`,
  '>id': ({ request }) => String(request.message.id),
  '>opcode': ({ request }) => String(opcodeNumber(request.message.opcode) ?? 0),
  '>do': ({ request }) => String(request.message.edns?.dnssecOk === true),
  '>bufsize': ({ request }) => String(request.maxSizeBytes),
  '>rflags': ({ octets }) => (octets === undefined ? EMPTY : flagsOf(octets)),
  // Ours: the plugin that decided, and the object that the answer is from, or the error behind none.
  '/fathom/plugin': ({ outcome }) => (outcome.by === '' ? EMPTY : outcome.by),
  '/fathom/reason': ({ outcome }) => (outcome.kind === 'drop' ? undefined : whyOf(outcome)) ?? EMPTY,
}

function whyOf({ reason, error }: Exclude<Outcome, { readonly kind: 'drop' }>): string | undefined {
  return reason ?? error?.message
}

function rcodeOf(outcome: Outcome): string | undefined {
  if (outcome.kind === 'drop') return undefined
  return outcome.kind === 'answer' ? outcome.message.rcode : outcome.rcode
}

/** The response's flags as they are sent, TC included. */
function flagsOf(octets: Uint8Array): string {
  const bits = ((octets[2] ?? 0) << 8) | (octets[3] ?? 0)
  return FLAGS.filter(([, bit]) => (bits & bit) !== 0)
    .map(([name]) => name)
    .join(',')
}

const FLAGS: readonly (readonly [name: string, bit: number])[] = [
  ['qr', 0x8000],
  ['aa', 0x0400],
  ['tc', 0x0200],
  ['rd', 0x0100],
  ['ra', 0x0080],
  ['z', 0x0040],
  ['ad', 0x0020],
  ['cd', 0x0010],
]

function bracketed(address: string): string {
  return address.includes(':') ? `[${address}]` : address
}

/** Without zeros at the end, as Go writes numbers. */
function trimmed(decimal: string): string {
  return decimal.replace(/\.?0+$/, '')
}
