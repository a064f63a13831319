// template CLASS TYPE [ZONES...] { ... }: the directive's tokens to options; each repetition is a template of its own.
import { describeError, parseGoUint } from '../../base/index.ts'
import { compileGoRegexp, type GoRegexp } from '../../base/regexp.ts'
import type { Dispenser } from '../../corefile/index.ts'
import { classNumber, classMnemonic, rcodeMnemonic, rcodeNumber, typeMnemonic, typeNumber } from '../../dns/index.ts'
import type { DomainName, RRClass, RRType, Rcode } from '../../dns/message.ts'
import type { Fallthrough, SetupContext } from '../../server/index.ts'
import { fallthroughArguments, readValue, someArguments, zoneArguments } from '../arguments.ts'
import { compileExpression, isReservedName, type CompiledExpression } from './expression/index.ts'
import { compileTemplate, type CompiledTemplate } from './go-template/index.ts'
import { QUERY_FUNCTIONS, dependenceOf } from './query-scope.ts'

export type TemplateSection = 'additional' | 'answer' | 'authority'

/** One `template` block. */
export interface TemplateRule {
  readonly class: RRClass
  readonly type: RRType
  readonly zones: readonly DomainName[]
  /** None: every name. */
  readonly match: readonly GoRegexp[]
  /** `var`, in the order of the text. */
  readonly variables: readonly { readonly name: string; readonly value: CompiledExpression }[]
  /** `expr`: all must be true. */
  readonly conditions: readonly CompiledExpression[]
  /** What `var` and `expr` look at beside the question and its flags. */
  readonly dependence: 'client' | 'query' | 'unknown'
  readonly sections: Readonly<Record<TemplateSection, readonly CompiledTemplate[]>>
  readonly rcode: Rcode
  readonly extendedError: { readonly infoCode: number; readonly extraText: string } | undefined
  readonly fallthrough: Fallthrough
}

export interface TemplateOptions {
  readonly rules: readonly TemplateRule[]
}

type Draft = { -readonly [Key in keyof TemplateRule]: TemplateRule[Key] }

/** Reads every `template` of a block. @throws {CorefileError} */
export function parseTemplates(dispenser: Dispenser, context: SetupContext): TemplateOptions {
  const rules: TemplateRule[] = []
  while (dispenser.next()) rules.push(parseRule(dispenser, context))
  return { rules }
}

function parseRule(dispenser: Dispenser, context: SetupContext): TemplateRule {
  const [classText, typeText, ...zones] = dispenser.remainingArgs()
  if (classText === undefined) throw dispenser.argError()
  const rrclass = classNumber(classText)
  if (rrclass === undefined) throw dispenser.error(`invalid query class ${classText}`)
  if (typeText === undefined) throw dispenser.argError()
  const type = typeNumber(typeText)
  if (type === undefined) throw dispenser.error(`invalid RR class ${typeText}`)
  const draft: Draft = {
    class: classMnemonic(rrclass),
    type: typeMnemonic(type),
    zones: zoneArguments(dispenser, zones, context),
    match: [],
    variables: [],
    conditions: [],
    dependence: 'query',
    sections: { answer: [], additional: [], authority: [] },
    rcode: 'NOERROR',
    extendedError: undefined,
    fallthrough: undefined,
  }
  while (dispenser.nextBlock()) parseOption(dispenser, draft)
  const expressions = [...draft.conditions, ...draft.variables.map(({ value }) => value)]
  draft.dependence = dependenceOf(new Set(expressions.flatMap(({ calls }) => [...calls])))
  return draft
}

function parseOption(dispenser: Dispenser, draft: Draft): void {
  const option = dispenser.value()
  switch (option) {
    case 'match':
      draft.match = [...draft.match, ...someArguments(dispenser).map((text) => compileMatch(dispenser, text))]
      return
    case 'var': {
      const [name, ...words] = dispenser.remainingArgs()
      if (name === undefined || words.length === 0) throw dispenser.argError()
      const value = compileCondition(dispenser, draft, { text: words.join(' '), name })
      draft.variables = [...draft.variables, { name, value }]
      return
    }
    case 'expr':
      draft.conditions = [
        ...draft.conditions,
        compileCondition(dispenser, draft, { text: someArguments(dispenser).join(' ') }),
      ]
      return
    case 'answer':
    case 'additional':
    case 'authority': {
      const compiled = someArguments(dispenser).map((text) => compileSection(dispenser, text))
      draft.sections = { ...draft.sections, [option]: [...draft.sections[option], ...compiled] }
      return
    }
    case 'rcode': {
      const text = dispenser.nextArg() ? dispenser.value() : undefined
      if (text === undefined) throw dispenser.argError()
      const rcode = rcodeNumber(text)
      if (rcode === undefined) throw dispenser.error(`unknown rcode ${text}`)
      draft.rcode = rcodeMnemonic(rcode)
      return
    }
    case 'ederror':
      draft.extendedError = parseExtendedError(dispenser)
      return
    case 'fallthrough':
      draft.fallthrough = fallthroughArguments(dispenser)
      return
    case 'upstream':
      // Removed in CoreDNS 1.6, still read over.
      dispenser.remainingArgs()
      return
    default:
      throw dispenser.error(`unknown property '${option}'`)
  }
}

function compileMatch(dispenser: Dispenser, text: string): GoRegexp {
  try {
    return compileGoRegexp(text)
  } catch (error) {
    throw dispenser.error(`could not parse regex: ${text}, ${describeError(error)}`)
  }
}

/** Compiles an expression; one that is kept under a name must not have one that means something else. */
function compileCondition(
  dispenser: Dispenser,
  draft: Draft,
  { text, name }: { readonly text: string; readonly name?: string },
): CompiledExpression {
  if (name !== undefined && !/^[a-zA-Z_]\w*$/.test(name)) throw dispenser.error(`invalid variable name "${name}"`)
  if (name !== undefined && (QUERY_FUNCTIONS.has(name) || isReservedName(name))) {
    throw dispenser.error(`variable name "${name}" is reserved`)
  }
  try {
    const variables = draft.variables.map((variable) => variable.name)
    return compileExpression(text, { functions: QUERY_FUNCTIONS, variables })
  } catch (error) {
    throw dispenser.error(
      `could not compile expression: ${name === undefined ? '' : `${name}, `}${describeError(error)}`,
    )
  }
}

function compileSection(dispenser: Dispenser, text: string): CompiledTemplate {
  try {
    return compileTemplate(text)
  } catch (error) {
    throw dispenser.error(`could not compile template: ${text}, ${describeError(error)}`)
  }
}

function parseExtendedError(dispenser: Dispenser): TemplateRule['extendedError'] {
  const [code, extraText = '', ...more] = dispenser.remainingArgs()
  if (code === undefined || more.length > 0) throw dispenser.argError()
  return { infoCode: readValue(dispenser, () => parseGoUint(code, 16)), extraText }
}
