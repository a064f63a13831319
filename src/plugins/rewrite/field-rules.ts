// The small rules: type, class, ttl, rcode.
import { classMnemonic, classNumber, rcodeMnemonic, rcodeNumber, typeMnemonic, typeNumber } from '../../dns/index.ts'
import { withQuestion, type Request } from '../../server/index.ts'
import { createNameTest, matchKind } from './names.ts'
import { RuleError, type Applied } from './rule.ts'

const MAX_TTL = 2_147_483_647

type Apply = (request: Request) => Applied | undefined

/** `type FROM TO`. @throws {RuleError} */
export function createTypeRule(args: readonly string[]): Apply {
  const [from, to] = readPair('type', args).map((text) => {
    const number = typeNumber(text)
    if (number === undefined) throw new RuleError(`invalid type "${text.toUpperCase()}"`)
    return typeMnemonic(number)
  })
  return (request) =>
    request.type === from ? { request: withQuestion(request, { type: to ?? from }), changes: [] } : undefined
}

/** `class FROM TO`. @throws {RuleError} */
export function createClassRule(args: readonly string[]): Apply {
  const [from, to] = readPair('class', args).map((text) => {
    const number = classNumber(text)
    if (number === undefined) throw new RuleError(`invalid class "${text.toUpperCase()}"`)
    return classMnemonic(number)
  })
  return (request) =>
    request.class === from ? { request: withQuestion(request, { class: to ?? from }), changes: [] } : undefined
}

function readPair(rule: string, args: readonly string[]): readonly string[] {
  if (args.length !== 2) throw new RuleError(`${rule} rules must have exactly two arguments`)
  return args
}

/** `ttl [MATCH] NAME SECONDS|MIN-MAX`. @throws {RuleError} */
export function createTtlRule(args: readonly string[]): Apply {
  if (args.length < 2) throw new RuleError(`too few (${args.length}) arguments for a ttl rule`)
  const bounds = readTtl(args[args.length === 2 ? 1 : 2] ?? '')
  const test = readNameTest('ttl', args, 1)
  const change = {
    changesTtl: true,
    record: <T extends { readonly ttl: number }>(record: T): T => {
      const ttl = Math.min(Math.max(record.ttl, bounds.min), bounds.max)
      return ttl === record.ttl ? record : { ...record, ttl }
    },
  }
  return (request) => (test(request.name) ? { request, changes: [change] } : undefined)
}

function readTtl(text: string): { readonly min: number; readonly max: number } {
  const [, single, from, to] = /^(?:(\d+)|(\d*)-(\d*))$/.exec(text) ?? []
  const min = Number(single ?? from ?? NaN)
  const max = single === undefined ? (to === '' || to === undefined ? MAX_TTL : Number(to)) : min
  const isEmpty = text === '-'
  if (isEmpty || Number.isNaN(min) || min > max || max > 4_294_967_295) {
    throw new RuleError(`invalid TTL '${text}' for a ttl rule`)
  }
  return { min: Math.min(min, MAX_TTL), max: Math.min(max, MAX_TTL) }
}

/** `rcode [MATCH] NAME FROM TO`. @throws {RuleError} */
export function createRcodeRule(args: readonly string[]): Apply {
  if (args.length < 3) throw new RuleError(`too few (${args.length}) arguments for a rcode rule`)
  const [fromText = '', toText = ''] = args.slice(args.length === 3 ? 1 : 2)
  const from = readRcode('matching', fromText)
  const to = readRcode('replacement', toText)
  const test = readNameTest('rcode', args, 2)
  const change = { rcode: (rcode: string): string => (rcode === from ? to : rcode) }
  return (request) => (test(request.name) ? { request, changes: [change] } : undefined)
}

/** By name or number. */
function readRcode(what: string, text: string): string {
  const number = /^\d+$/.test(text) ? Number(text) : rcodeNumber(text)
  if (number === undefined || number > 4095) throw new RuleError(`invalid ${what} RCODE '${text}' for a rcode rule`)
  return rcodeMnemonic(number)
}

/** `[MATCH] NAME` before `values` more arguments. */
function readNameTest(rule: string, args: readonly string[], values: number): (name: string) => boolean {
  const [first = '', second = ''] = args
  if (args.length === values + 1) return createNameTest('exact', first, rule)
  if (args.length > values + 2) throw new RuleError(`too many (${args.length}) arguments for a ${rule} rule`)
  const kind = matchKind(first)
  if (kind === undefined) {
    throw new RuleError(`${rule} rule supports only exact, prefix, suffix, substring, and regex name matching`)
  }
  return createNameTest(kind, second, rule)
}
