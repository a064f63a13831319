// name [exact|prefix|suffix|substring|regex] FROM TO [answer …]: the name asked for, and names in the response.
import { equalNames, type DomainName } from '../../dns/index.ts'
import type { RData, ResourceRecord } from '../../dns/message.ts'
import { withQuestion, type Request } from '../../server/index.ts'
import {
  createRegexRewriter,
  createRewriter,
  matchKind,
  validName,
  absolute,
  type MatchKind,
  type NameRewriter,
} from './names.ts'
import { RuleError, type Applied, type ResponseChange, type RuleTools } from './rule.ts'

/** A name rule's result is not a domain name; the query fails with SERVFAIL. */
export class InvalidNameError extends Error {}

/** Reads the arguments of a `name` rule. @throws {RuleError} */
export function createNameRule(args: readonly string[], tools: RuleTools): (request: Request) => Applied | undefined {
  const { kind, from, to, answers } = readArguments(args)
  warnAboutDot(kind, from, tools)
  const rewrite = createRewriter(kind, from, to)
  const { auto, changes } = readAnswers(kind, answers)
  // A suffix is put back wherever it is found, also in names that the question does not hold.
  const suffixBack: readonly ResponseChange[] =
    kind === 'suffix' && auto ? renameBoth(createRewriter('suffix', absolute(to), absolute(from))) : []

  return (request) => {
    const rewritten = rewrite(request.name)
    if (rewritten === undefined) return undefined
    const name = validName(rewritten)
    if (name === undefined) throw new InvalidNameError(`invalid name after rewrite: ${rewritten}`)
    const back =
      kind === 'exact' || (auto && kind !== 'suffix') ? renameBoth(remapper(name, request.question.name)) : suffixBack
    return { request: withQuestion(request, { name }), changes: [...back, ...changes] }
  }
}

interface NameArguments {
  readonly kind: MatchKind
  readonly from: string
  readonly to: string
  readonly answers: readonly string[]
}

function readArguments(args: readonly string[]): NameArguments {
  const [first, second, third, ...answers] = args
  if (first === undefined || second === undefined) throw new RuleError('too few arguments for a name rule')
  if (third === undefined) return { kind: 'exact', from: first, to: second, answers: [] }
  const kind = matchKind(first)
  if (kind === undefined) {
    throw new RuleError(
      `name rule supports only exact, prefix, suffix, substring, and regex name matching, received: ${first.toLowerCase()}`,
    )
  }
  return { kind, from: second, to: third, answers }
}

function warnAboutDot(kind: MatchKind, from: string, tools: RuleTools): void {
  if ((kind !== 'prefix' && kind !== 'substring') || from.endsWith('.')) return
  tools.warn(`name ${kind} "${from}" is read as "${from}." (as CoreDNS does): write the whole label, or use regex`)
}

// --- answer auto | name F T | value F T ---

function readAnswers(
  kind: MatchKind,
  args: readonly string[],
): { readonly auto: boolean; readonly changes: readonly ResponseChange[] } {
  if (args.length === 0) return { auto: false, changes: [] }
  if (args.length < 2) throw new RuleError(`invalid arguments for ${kind} rule`)
  if (args[0] !== 'answer') {
    throw new RuleError(`exceeded the number of arguments for a non-answer rule argument for ${kind} rule`)
  }
  const words = [...args]
  const changes: ResponseChange[] = []
  let auto = false
  let named = false
  while (words.length > 0) {
    if (words[0] === 'answer') words.shift()
    const what = words.shift()
    if (what === undefined) throw new RuleError(`type missing for answer rule for ${kind} rule`)
    if (what === 'auto') {
      auto = true
      continue
    }
    if (what !== 'name' && what !== 'value') {
      throw new RuleError(`invalid type "${what}" for answer rule for ${kind} rule`)
    }
    const [from, to] = words.splice(0, 2)
    if (from === undefined || to === undefined) {
      throw new RuleError(`${what} answer rule for ${kind} rule: 2 arguments required`)
    }
    const rewrite = readAnswerPattern(`${what} answer rule for ${kind} rule`, from, to)
    named ||= what === 'name'
    changes.push(what === 'name' ? renameOwner(rewrite) : renameValue(rewrite))
  }
  if (auto && named) throw new RuleError('auto name answer rule cannot be combined with explicit name answer rules')
  return { auto, changes }
}

function readAnswerPattern(where: string, from: string, to: string): NameRewriter {
  try {
    return createRegexRewriter(from, absolute(to))
  } catch (error) {
    if (error instanceof RuleError) throw new RuleError(`${where}: ${error.message}`)
    throw error
  }
}

// --- Names in responses ---

/** Puts the client's name in the place of the rewritten one, also at the end of longer names. */
function remapper(from: DomainName, to: DomainName): NameRewriter {
  return (name) => {
    if (equalNames(name, from)) return to
    const start = name.length - from.length
    if (start <= 0 || name[start - 1] !== '.' || !equalNames(name.slice(start), from)) return undefined
    return name.slice(0, start) + to
  }
}

function renameBoth(rewrite: NameRewriter): readonly ResponseChange[] {
  return [renameOwner(rewrite), renameValue(rewrite)]
}

function renameOwner(rewrite: NameRewriter): ResponseChange {
  return {
    record: (record) => {
      const name = renamed(record.name, rewrite)
      return name === record.name ? record : { ...record, name }
    },
  }
}

function renameValue(rewrite: NameRewriter): ResponseChange {
  return { record: (record) => withValue(record, rewrite) }
}

/** The names that RDATA of these types holds. */
function withValue(record: ResourceRecord, rewrite: NameRewriter): ResourceRecord {
  const rdata = valueRenamed(record.rdata, (name) => renamed(name, rewrite))
  return rdata === record.rdata ? record : { ...record, rdata }
}

function valueRenamed(rdata: RData, rename: (name: DomainName) => DomainName): RData {
  switch (rdata.type) {
    case 'CNAME':
      return { ...rdata, cname: rename(rdata.cname) }
    case 'DNAME':
      return { ...rdata, target: rename(rdata.target) }
    case 'MX':
      return { ...rdata, exchange: rename(rdata.exchange) }
    case 'NAPTR':
      return { ...rdata, replacement: rename(rdata.replacement) }
    case 'NS':
      return { ...rdata, nsdname: rename(rdata.nsdname) }
    case 'PTR':
      return { ...rdata, ptrdname: rename(rdata.ptrdname) }
    case 'SOA':
      return { ...rdata, mname: rename(rdata.mname) }
    case 'SRV':
      return { ...rdata, target: rename(rdata.target) }
    default:
      return rdata
  }
}

/** The new name, or the old one where the new one could not be sent. */
function renamed(name: DomainName, rewrite: NameRewriter): DomainName {
  const text = rewrite(name)
  return text === undefined ? name : (validName(text) ?? name)
}
