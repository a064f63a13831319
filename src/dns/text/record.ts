// Resource records in presentation format, both ways (RFC 1035 §5.1; unknown types and classes RFC 3597 §5).
import type { DomainName, RData, RRClass, RRType, ResourceRecord } from '../message.ts'
import { classMnemonic, classNumber, typeMnemonic, typeNumber } from '../mnemonics.ts'
import type { FormatOptions } from '../rdata/form.ts'
import { formatHex, parseHex, takeRest } from '../rdata/octet-fields.ts'
import { rdataFormOf } from '../rdata/registry.ts'
import { WireError } from '../wire/error.ts'
import { readRData, writeRData } from '../wire/record.ts'
import { createWriter, writtenOctets } from '../wire/writer.ts'
import { TextError, excerpt } from './error.ts'
import { formatName, parseName } from './name.ts'
import { expectEnd, peekToken, takeToken, tokenize } from './tokens.ts'
import type { Tokens } from './tokens.ts'
import { parseTtl } from './ttl.ts'

export interface ParseRecordOptions {
  /** What relative names are relative to; default the root. */
  readonly origin?: DomainName | undefined
  /** Seconds, for a record that states no TTL; default 3600. */
  readonly defaultTtl?: number | undefined
}

/**
 * Reads one record: `owner [ttl] [class] type rdata`, TTL and class in either order, class IN when absent.
 *
 * @throws {TextError}
 */
export function parseRecord(text: string, options: ParseRecordOptions = {}): ResourceRecord {
  const { origin, defaultTtl = 3600 } = options
  const tokens = tokenize(text, origin)
  const name = parseName(takeToken(tokens, 'owner name').text, tokens.origin)
  let ttl: number | undefined
  let rrclass: RRClass | undefined
  for (;;) {
    const { text: word, quoted } = takeToken(tokens, 'record type')
    const seconds = ttl === undefined && !quoted ? parseTtl(word) : undefined
    if (seconds !== undefined) {
      ttl = checkTtl(seconds, word)
      continue
    }
    const classCode = rrclass === undefined ? classNumber(word) : undefined
    // ANY is a class and a type; with something behind it, it is the class.
    if (classCode !== undefined && (peekToken(tokens) !== undefined || typeNumber(word) === undefined)) {
      rrclass = classMnemonic(classCode)
      continue
    }
    const type = parseType(word)
    const rdata = parseRDataTokens(type, tokens)
    return { name, type, class: rrclass ?? 'IN', ttl: ttl ?? defaultTtl, rdata }
  }
}

/** Reads the RDATA of a type. @throws {TextError} */
export function parseRData(type: RRType, text: string, options: { readonly origin?: DomainName } = {}): RData {
  return parseRDataTokens(parseType(type), tokenize(text, options.origin))
}

/** Writes a record on one line, fields apart by one tab after the owner, TTL, class and type. */
export function formatRecord(record: ResourceRecord): string {
  const { name, ttl, class: rrclass, type, rdata } = record
  return `${formatName(name)}\t${ttl}\t${rrclass}\t${type}\t${formatRData(rdata)}`.trimEnd()
}

/** Writes RDATA; unknown types as `\# length octets` (RFC 3597 §5). */
export function formatRData(rdata: RData, options: FormatOptions = {}): string {
  if (rdata.type === 'UNKNOWN') return formatGeneric(rdata.octets, options)
  return rdataFormOf(rdata.type)?.format(rdata, options) ?? ''
}

/** Writes any RDATA in the form for unknown types. */
export function formatRDataGeneric(rdata: RData, options: FormatOptions = {}): string {
  const writer = createWriter(false)
  writeRData(writer, rdata)
  return formatGeneric(writtenOctets(writer), options)
}

function formatGeneric(octets: Uint8Array, { groupSize }: FormatOptions): string {
  if (octets.length === 0) return '\\# 0'
  const hex = formatHex(octets)
  const groups = groupSize === undefined ? [hex] : (hex.match(new RegExp(`.{1,${groupSize}}`, 'g')) ?? [])
  return `\\# ${octets.length} ${groups.join(' ')}`
}

function parseType(word: string): RRType {
  const number = typeNumber(word)
  if (number === undefined) {
    throw new TextError('unknown-type', `Cannot read record: "${excerpt(word)}" is no record type, nor class or TTL`)
  }
  return typeMnemonic(number)
}

function parseRDataTokens(type: RRType, tokens: Tokens): RData {
  const form = rdataFormOf(type)
  if (peekToken(tokens)?.text === '\\#' && peekToken(tokens)?.quoted === false) return parseGeneric(type, tokens)
  if (form === undefined) {
    throw new TextError('bad-field', `Cannot read ${type} record: write its RDATA as \\# LENGTH HEXADECIMAL (RFC 3597)`)
  }
  const rdata = form.parse(tokens)
  expectEnd(tokens)
  return rdata
}

/** RFC 3597 §5; for a known type the octets must be that type's. */
function parseGeneric(type: RRType, tokens: Tokens): RData {
  takeToken(tokens, '\\#')
  const length = takeToken(tokens, 'RDATA length').text
  const octets = parseHex(takeRest(tokens), 'RDATA')
  if (!/^\d{1,5}$/.test(length) || Number(length) !== octets.length || octets.length > 65_535) {
    throw new TextError('bad-field', `Cannot read RDATA length "${excerpt(length)}": ${octets.length} octets follow`)
  }
  try {
    return readRData({ message: octets, offset: 0, end: octets.length }, { type, length: octets.length, empty: false })
  } catch (error) {
    if (!(error instanceof WireError)) throw error
    throw new TextError('bad-field', `Cannot read ${type} record: its octets are not ${type} RDATA`, { cause: error })
  }
}

/** RFC 2181 §8. */
function checkTtl(ttl: number, text: string): number {
  if (ttl <= 2_147_483_647) return ttl
  throw new TextError('bad-field', `Cannot read TTL "${excerpt(text)}": the limit is 2147483647 seconds`)
}
