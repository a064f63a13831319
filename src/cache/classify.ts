// What kind of answer a response is, which decides whether and for how long it is kept.
import type { Message, Question, ResourceRecord } from '../dns/message.ts'
import { equalNames } from '../dns/name.ts'

/** `success` and `denial` have a store each; `servfail` lives among the denials. */
export type EntryKind = 'denial' | 'servfail' | 'success'

export type UncacheableReason =
  | 'dangling-cname'
  | 'expired-signature'
  | 'nxdomain-with-answer'
  | 'nxdomain-without-soa'
  | 'other-question'
  | 'other-rcode'
  | 'not-a-query'
  | 'transfer'
  | 'truncated'

export type Classification =
  | {
      readonly kind: EntryKind
      /** A delegation: NS records only. */ readonly referral: boolean
      readonly answersQuestion: boolean
    }
  | { readonly kind: 'uncacheable'; readonly why: UncacheableReason }

export interface ClassifyOptions {
  readonly question: Question
  /** Whether the query asked for DNSSEC records; then signatures must still be valid. */
  readonly dnssecOk: boolean
  /** Wall-clock seconds since the epoch, for signatures. */
  readonly nowSeconds: number
}

/** Says what kind of answer `response` is to `question` (RFC 2308 §2). */
export function classify(response: Message, options: ClassifyOptions): Classification {
  const { question } = options
  if (response.opcode !== 'QUERY') return uncacheable('not-a-query')
  if (question.type === 'AXFR' || question.type === 'IXFR') return uncacheable('transfer')
  if (!isSameQuestion(response.question[0] ?? question, question)) return uncacheable('other-question')
  if (response.flags.tc) return uncacheable('truncated')
  switch (response.rcode) {
    case 'NOERROR':
      return classifyNoError(response, options)
    case 'NXDOMAIN':
      if (response.answer.length > 0) return uncacheable('nxdomain-with-answer')
      if (!hasType(response.authority, 'SOA')) return uncacheable('nxdomain-without-soa')
      return { kind: 'denial', referral: false, answersQuestion: false }
    case 'SERVFAIL':
    case 'NOTIMP':
      return { kind: 'servfail', referral: false, answersQuestion: false }
    default:
      return uncacheable('other-rcode')
  }
}

function classifyNoError(response: Message, options: ClassifyOptions): Classification {
  const { answer, authority } = response
  if (options.dnssecOk && hasExpiredSignature(response, options.nowSeconds)) return uncacheable('expired-signature')
  const hasSoa = hasType(authority, 'SOA')
  if (answer.length > 0) {
    const { answered, followed } = followAnswer(answer, options.question)
    // An alias that ends nowhere: NODATA when a SOA says so (RFC 2308 §2.2), else too little to keep.
    if (!answered && followed) {
      return hasSoa ? { kind: 'denial', referral: false, answersQuestion: false } : uncacheable('dangling-cname')
    }
    return { kind: 'success', referral: false, answersQuestion: answered }
  }
  if (hasSoa) return { kind: 'denial', referral: false, answersQuestion: false }
  return { kind: 'success', referral: hasType(authority, 'NS'), answersQuestion: false }
}

/** Follows the aliases from the question's name; `followed` when there was at least one. */
function followAnswer(
  answer: readonly ResourceRecord[],
  question: Question,
): { readonly answered: boolean; readonly followed: boolean } {
  const wanted = question.type
  if (wanted === 'CNAME' || wanted === 'ANY') return { answered: true, followed: false }
  if (!hasType(answer, 'CNAME')) {
    const answered = answer.some((record) => record.type === wanted && equalNames(record.name, question.name))
    return { answered, followed: false }
  }
  let name = question.name.toLowerCase()
  const targets = new Map<string, string>()
  for (const record of answer) {
    if (record.rdata.type === 'CNAME') targets.set(record.name.toLowerCase(), record.rdata.cname.toLowerCase())
  }
  let followed = false
  for (let step = 0; step <= targets.size; step += 1) {
    const target = targets.get(name)
    if (target === undefined) break
    followed = true
    name = target
  }
  const answered = answer.some((record) => record.type === wanted && record.name.toLowerCase() === name)
  return { answered, followed }
}

/** RRSIG times are modulo 2^32 and compared as serial numbers (RFC 4034 §3.1.5). */
function hasExpiredSignature(response: Message, nowSeconds: number): boolean {
  const now = nowSeconds >>> 0
  return [response.answer, response.authority, response.additional].some((section) =>
    section.some((record) => record.rdata.type === 'RRSIG' && ((record.rdata.expiration - now) | 0) < 0),
  )
}

function isSameQuestion(one: Question, other: Question): boolean {
  return one.type === other.type && one.class === other.class && equalNames(one.name, other.name)
}

function hasType(section: readonly ResourceRecord[], type: string): boolean {
  // Asked several times for every miss: a loop makes no function.
  for (let index = 0; index < section.length; index += 1) if (section[index]?.type === type) return true
  return false
}

function uncacheable(why: UncacheableReason): Classification {
  return { kind: 'uncacheable', why }
}
