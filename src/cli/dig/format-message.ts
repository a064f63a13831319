// A message as dig prints it: header, OPT pseudosection, sections.
import { opcodeNumber, rcodeNumber } from '../../dns/index.ts'
import type { Flags, Message, ResourceRecord } from '../../dns/index.ts'
import { formatEdns } from './format-edns.ts'
import { formatDigQuestion, formatDigRecord } from './format-record.ts'
import type { Settings } from './settings.ts'

export interface MessageContext {
  readonly settings: Settings
  /** The query that a response answers; undefined when the message is the query itself. */
  readonly query: Message | undefined
  readonly clientCookie: Uint8Array | undefined
  /** Octets that follow the message. */
  readonly trailingOctets: number
}

/** The whole of a message, with a final newline unless nothing is shown. */
export function formatDigMessage(message: Message, context: MessageContext): string {
  const { settings } = context
  const comments = settings.showComments
  let text = comments ? header(message, context) : ''
  if (comments && message.edns !== undefined) {
    const { clientCookie } = context
    text += `;; OPT PSEUDOSECTION:\n${formatEdns(message.edns, { clientCookie }).join('\n')}\n`
  }
  const section = (title: string, lines: readonly string[]): string => {
    if (lines.length === 0) return ''
    return comments ? `;; ${title} SECTION:\n${lines.join('\n')}\n\n` : `${lines.join('\n')}\n`
  }
  const isUpdate = message.opcode === 'UPDATE'
  const records = (list: readonly ResourceRecord[]): string[] => list.map((record) => formatDigRecord(record, settings))
  if (settings.showQuestion) {
    const lines = message.question.map((question) => formatDigQuestion(question, settings))
    text += section(isUpdate ? 'ZONE' : 'QUESTION', lines)
  }
  if (settings.showAnswer) text += section(isUpdate ? 'PREREQUISITE' : 'ANSWER', records(message.answer))
  if (settings.showAuthority) text += section(isUpdate ? 'UPDATE' : 'AUTHORITY', records(message.authority))
  if (settings.showAdditional) text += section('ADDITIONAL', records(message.additional))
  return text
}

/** The header's bits that are set, each behind a space. */
export function headerFlags(flags: Flags): string {
  return (['qr', 'aa', 'tc', 'rd', 'ra', 'ad', 'cd'] as const)
    .filter((name) => flags[name])
    .map((name) => ` ${name}`)
    .join('')
}

function header(message: Message, { query, trailingOctets }: MessageContext): string {
  const { flags, question, answer, authority, additional, edns } = message
  const lines: string[] = [query === undefined ? ';; Sending:' : ';; Got answer:']
  if (query !== undefined && message.question.some(({ name }) => /(?:^|\.)local\.$/i.test(name))) {
    lines.push(
      ';; WARNING: .local is reserved for Multicast DNS',
      ';; You are currently testing what happens when an mDNS query is leaked to DNS',
    )
  }
  const counts = [question.length, answer.length, authority.length, additional.length + (edns === undefined ? 0 : 1)]
  lines.push(
    `;; ->>HEADER<<- opcode: ${opcodeText(message)}, status: ${rcodeText(message)}, id: ${message.id}`,
    `;; flags:${headerFlags(flags)};${flags.z ? ' MBZ: 0x4;' : ''} QUERY: ${counts[0]}, ANSWER: ${counts[1]}, AUTHORITY: ${counts[2]}, ADDITIONAL: ${counts[3]}`,
  )
  if (query !== undefined && flags.rd && !flags.ra) lines.push(';; WARNING: recursion requested but not available')
  if (trailingOctets > 0) lines.push(`;; WARNING: Message has ${trailingOctets} extra bytes at end`)
  if (query?.edns !== undefined && edns === undefined && ['FORMERR', 'NOTIMP'].includes(message.rcode)) {
    const nodnssec = query.edns.dnssecOk ? '+nodnssec ' : ''
    lines.push('', `;; WARNING: EDNS query returned status ${message.rcode} - retry with '${nodnssec}+noedns'`)
  }
  return `${lines.join('\n')}\n\n`
}

/** The rcode in dig's words, which has no mnemonics for those that only TSIG and DSO use. */
export function rcodeText({ rcode }: Message): string {
  const number = rcodeNumber(rcode) ?? 0
  if (number >= 11 && number <= 15) return `RESERVED${number}`
  return (number >= 17 && number <= 22) || rcode.startsWith('RCODE') ? `?${number}` : rcode
}

/** The opcode in dig's words. */
export function opcodeText({ opcode }: Message): string {
  const number = opcodeNumber(opcode) ?? 0
  return number === 3 || number > 5 ? `RESERVED${number}` : opcode
}
