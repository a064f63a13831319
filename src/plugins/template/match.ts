// Whether a template is for a question, and what its texts may look at.
import { classNumber, formatRecord, opcodeNumber, rcodeNumber, typeNumber } from '../../dns/index.ts'
import type { Message, Question } from '../../dns/message.ts'
import { fallsThrough, matchZone, type Request } from '../../server/index.ts'
import type { TemplateValue } from './go-template/index.ts'
import { ExpressionError, type ExpressionValue } from './expression/index.ts'
import { queryFunctions, type Reads } from './query-scope.ts'
import type { TemplateRule } from './setup.ts'

export type TemplateMatch =
  /** For other questions; the next template is looked at. */
  | { readonly kind: 'other' }
  /** Zone, class and type are right, the name is not. */
  | { readonly kind: 'miss'; readonly goesOn: boolean }
  | {
      readonly kind: 'match'
      readonly zone: string
      readonly class: string
      readonly type: string
      readonly values: TemplateValue
    }

/** Holds a template against a question. */
export function matchTemplate(
  rule: TemplateRule,
  request: Request,
  { reads }: { readonly reads: Reads },
): TemplateMatch {
  const zone = matchZone(rule.zones, request.name)
  if (zone === undefined || !isEither(rule.class, request.class) || !isEither(rule.type, request.type)) {
    return { kind: 'other' }
  }
  const groups = matchName(rule, request.name)
  if (groups === undefined) return { kind: 'miss', goesOn: fallsThrough(rule.fallthrough, request.name) }
  if (rule.dependence === 'unknown') reads.volatile = true
  const judged = judgeConditions(rule, request, groups)
  if (judged.kind === 'broken') return { kind: 'miss', goesOn: false }
  if (judged.kind === 'false') return { kind: 'miss', goesOn: fallsThrough(rule.fallthrough, request.name) }
  const rrclass = request.class === 'ANY' ? rule.class : request.class
  const type = request.type === 'ANY' ? rule.type : request.type
  const values: TemplateValue = {
    Zone: zone,
    Name: request.name,
    Regex: groups.source,
    Match: groups.list,
    Group: groups.byName,
    Class: rrclass,
    Type: type,
    Message: messageFields(request.message, reads),
    Question: questionFields(request.question),
    get Remote() {
      reads.volatile = true
      return request.client.address
    },
    Var: judged.variables,
    Meta(label) {
      reads.volatile = true
      return typeof label === 'string' ? (request.metadata?.get(label)?.() ?? '') : ''
    },
  }
  return { kind: 'match', zone, class: rrclass, type, values }
}

function isEither(wanted: string, asked: string): boolean {
  return wanted === 'ANY' || asked === 'ANY' || wanted === asked
}

interface Groups {
  readonly source: string
  readonly list: readonly string[]
  readonly byName: ReadonlyMap<string, TemplateValue>
}

function matchName(rule: TemplateRule, name: string): Groups | undefined {
  // Go's default here is `.*`, whose match is the whole name.
  if (rule.match.length === 0) return { source: '.*', list: [name], byName: new Map([['0', name]]) }
  for (const regexp of rule.match) {
    const found = regexp.find(name)
    if (found === undefined) continue
    const list = found.groups.map((group) => group ?? '')
    const byName = new Map<string, TemplateValue>(list.map((group, index) => [String(index), group]))
    for (const [group, text] of Object.entries(found.named)) byName.set(group, text ?? '')
    return { source: regexp.source, list, byName }
  }
  return undefined
}

// --- var and expr ---

type Judged =
  /** An expression could not be carried out: SERVFAIL, as in CoreDNS. */
  | { readonly kind: 'broken' }
  | { readonly kind: 'false' }
  | { readonly kind: 'true'; readonly variables: ReadonlyMap<string, ExpressionValue> }

const NOTHING: Judged = { kind: 'true', variables: new Map() }

function judgeConditions(rule: TemplateRule, request: Request, groups: Groups): Judged {
  if (rule.variables.length === 0 && rule.conditions.length === 0) return NOTHING
  const functions = queryFunctions(request, (name) => {
    const group = groups.byName.get(name)
    return typeof group === 'string' ? group : ''
  })
  const variables = new Map<string, ExpressionValue>()
  try {
    for (const { name, value } of rule.variables) variables.set(name, value.evaluate({ functions, variables }))
    const holds = rule.conditions.every((condition) => condition.evaluate({ functions, variables }) === true)
    return holds ? { kind: 'true', variables } : { kind: 'false' }
  } catch (error) {
    if (error instanceof ExpressionError) return { kind: 'broken' }
    throw error
  }
}

// --- The message as Go's DNS library names its fields ---

function questionFields({ name, type, class: rrclass }: Question): { readonly [field: string]: TemplateValue } {
  return { Name: name, Qtype: typeNumber(type) ?? 0, Qclass: classNumber(rrclass) ?? 0 }
}

function messageFields(message: Message, reads: Reads): { readonly [field: string]: TemplateValue } {
  const { flags } = message
  return {
    get Id() {
      reads.volatile = true
      return message.id
    },
    Response: flags.qr,
    Opcode: opcodeNumber(message.opcode) ?? 0,
    Authoritative: flags.aa,
    Truncated: flags.tc,
    RecursionDesired: flags.rd,
    RecursionAvailable: flags.ra,
    Zero: flags.z,
    AuthenticatedData: flags.ad,
    CheckingDisabled: flags.cd,
    Rcode: rcodeNumber(message.rcode) ?? 0,
    Question: message.question.map(questionFields),
    Answer: message.answer.map((record) => formatRecord(record)),
    Ns: message.authority.map((record) => formatRecord(record)),
    Extra: message.additional.map((record) => formatRecord(record)),
  }
}
