// RDATA as dig prints it: on one line, or over several with comments (`+multiline`).
import { formatName, formatRData, formatRDataGeneric, formatTtlUnits, parseIpv6 } from '../../dns/index.ts'
import type { ResourceRecord, SoaData } from '../../dns/index.ts'
import { keyComment, keyTag } from './key-comment.ts'
import type { Settings } from './settings.ts'

/** Characters of hexadecimal or base64 text between spaces on one line, and per line of several. */
const GROUP = 56
const GROUP_MULTILINE = 44
const BREAK = '\n\t\t\t\t'

/** Formats a record's RDATA. */
export function formatDigRData(record: ResourceRecord, settings: Settings): string {
  const { rdata } = record
  const groupSize = groupSizeOf(settings)
  if (settings.unknownFormat || rdata.type === 'UNKNOWN') {
    return wrapOctets(formatRDataGeneric(rdata, { groupSize }), { words: 2, settings, style: 'inline' })
  }
  switch (rdata.type) {
    case 'SOA':
      return settings.multiline ? formatSoa(rdata, settings) : formatRData(rdata)
    case 'AAAA':
      return settings.expandAaaa ? expandIpv6(rdata.address) : rdata.address
    case 'DNSKEY':
    case 'CDNSKEY':
    case 'KEY': {
      const shown = settings.showCrypto
        ? formatRData(rdata, { groupSize })
        : `${rdata.flags} ${rdata.protocol} ${rdata.algorithm} [key id = ${keyTag(rdata)}]`
      return formatKey(shown, keyComment(rdata), settings)
    }
    case 'DS':
    case 'CDS':
    case 'DLV':
    case 'TLSA':
    case 'SMIMEA':
    case 'SSHFP':
    case 'ZONEMD':
    case 'CERT': {
      const words = rdata.type === 'SSHFP' ? 2 : 3
      const text = formatRData(rdata, { groupSize })
      return wrapOctets(omitIf(HIDDEN.includes(rdata.type), text, { words, settings }), {
        words,
        settings,
        style: 'block',
      })
    }
    case 'OPENPGPKEY':
      return wrapOctets(omitIf(true, formatRData(rdata, { groupSize }), { words: 0, settings }), {
        words: 0,
        settings,
        style: 'inline',
      })
    case 'DHCID': {
      const text = wrapOctets(formatRData(rdata, { groupSize }), { words: 0, settings, style: 'inline' })
      const [high = 0, low = 0, digestType = 0] = rdata.octets
      const isCommented = settings.multiline && rdata.octets.length > 2
      return isCommented ? `${text} ; ${(high << 8) | low} ${digestType} ${rdata.octets.length - 3}` : text
    }
    case 'RRSIG': {
      const text = omitIf(true, formatRData(rdata, { groupSize }), { words: 8, settings })
      if (!settings.multiline) return text
      const fields = text.split(' ')
      return [`${fields.slice(0, 4).join(' ')} (`, fields.slice(4, 8).join(' '), ...fields.slice(8)].join(BREAK) + ' )'
    }
    case 'NSEC3': {
      const text = formatRData(rdata)
      if (!settings.multiline) return text
      const fields = text.split(' ')
      const types = fields.slice(5).join(' ')
      return [`${fields.slice(0, 4).join(' ')} (`, fields[4], ...(types === '' ? [] : [types])].join(BREAK) + ' )'
    }
    default:
      return formatRData(rdata, { groupSize })
  }
}

/** Types whose octets `+nocrypto` leaves out. */
const HIDDEN: readonly string[] = ['DS', 'CDS', 'DLV', 'ZONEMD']

function groupSizeOf({ splitWidth, multiline }: Settings): number | undefined {
  if (splitWidth === 0) return undefined
  return splitWidth ?? (multiline ? GROUP_MULTILINE : GROUP)
}

interface Wrap {
  /** Fields before the octets. */
  readonly words: number
  readonly settings: Settings
  /** `block`: octets begin on a line of their own; `inline`: on the first line, behind the parenthesis. */
  readonly style: 'block' | 'inline'
}

/** Puts groups of octets on lines of their own, in parentheses. */
function wrapOctets(text: string, { words, settings, style }: Wrap): string {
  if (!settings.multiline) return text
  const fields = text.split(' ')
  const before = fields.slice(0, words).join(' ')
  const groups = fields.slice(words)
  if (groups.length === 0) return text
  const open = before === '' ? '(' : `${before} (`
  return `${open}${style === 'block' ? BREAK : ' '}${groups.join(BREAK)} )`
}

function omitIf(
  hidden: boolean,
  text: string,
  { words, settings }: { readonly words: number; readonly settings: Settings },
): string {
  if (settings.showCrypto || !hidden) return text
  return [...text.split(' ').slice(0, words), '[omitted]'].join(' ')
}

function formatKey(text: string, comment: { readonly role: string; readonly key: string }, settings: Settings): string {
  const isCommented = settings.recordComments ?? settings.multiline
  const label = `${comment.role}${comment.key}`
  if (!settings.multiline) return isCommented ? `${text} ${label}` : text
  const fields = text.split(' ')
  const octets = settings.showCrypto ? fields.slice(3) : [fields.slice(3).join(' ')]
  const start = [`${fields.slice(0, 3).join(' ')} (`, ...octets].join(BREAK)
  return isCommented ? `${start}${BREAK})${label}` : `${start} )`
}

/** The five numbers of an SOA record, each with what it is. */
function formatSoa(rdata: SoaData, settings: Settings): string {
  const head = `${formatName(rdata.mname)} ${formatName(rdata.rname)} (`
  const numbers = [
    { value: rdata.serial, what: 'serial', span: '' },
    { value: rdata.refresh, what: 'refresh', span: formatSpan(rdata.refresh) },
    { value: rdata.retry, what: 'retry', span: formatSpan(rdata.retry) },
    { value: rdata.expire, what: 'expire', span: formatSpan(rdata.expire) },
    { value: rdata.minimum, what: 'minimum', span: formatSpan(rdata.minimum) },
  ]
  if (settings.recordComments === false) return `${[head, ...numbers.map(({ value }) => String(value))].join(BREAK)})`
  const lines = numbers.map(
    ({ value, what, span }) => `${String(value).padEnd(10)} ; ${what}${span === '' ? '' : ` (${span})`}`,
  )
  return [head, ...lines, ')'].join(BREAK)
}

const WORDS: Readonly<Record<string, string>> = { w: 'week', d: 'day', h: 'hour', m: 'minute', s: 'second' }

/** Seconds in words: `1 day 2 hours`. */
export function formatSpan(seconds: number): string {
  return [...formatTtlUnits(seconds).matchAll(/(\d+)([wdhms])/g)]
    .map(([, count = '', unit = '']) => `${count} ${WORDS[unit] ?? unit}${count === '1' ? '' : 's'}`)
    .join(' ')
}

function expandIpv6(address: string): string {
  const hex = Buffer.from(parseIpv6(address) ?? []).toString('hex')
  return hex.match(/.{4}/g)?.join(':') ?? address
}
