// Carries a parsed expression out.
import { compileGoRegexp, type GoRegexp } from '../../../base/regexp.ts'
import { ExpressionError } from './error.ts'
import { BUILTINS } from './functions.ts'
import { KEYWORDS, type ExpressionNode } from './nodes.ts'
import { parseExpression } from './parser.ts'
import { isSame, typeName, type ExpressionFunction, type ExpressionValue } from './values.ts'

/** What an expression can see. */
export interface ExpressionScope {
  readonly functions: Readonly<Record<string, ExpressionFunction>>
  readonly variables: ReadonlyMap<string, ExpressionValue>
}

export interface CompiledExpression {
  readonly source: string
  /** Names of the functions in it that are not the language's own. */
  readonly calls: ReadonlySet<string>
  /** @throws {ExpressionError} `evaluate` */
  evaluate(scope: ExpressionScope): ExpressionValue
}

const PREDICATES: readonly string[] = ['all', 'any', 'count', 'filter', 'find', 'map', 'none', 'one']
const MAX_RANGE = 10_000

/** Compiles an expression that may call `functions` and read `variables`. @throws {ExpressionError} `parse` */
export function compileExpression(
  source: string,
  known: { readonly functions: ReadonlySet<string>; readonly variables: readonly string[] },
): CompiledExpression {
  const calls = new Set<string>()
  const isFunction = (name: string): boolean => {
    if (known.functions.has(name)) calls.add(name)
    return known.functions.has(name) || Object.hasOwn(BUILTINS, name) || PREDICATES.includes(name)
  }
  const node = parseExpression(source, { isFunction, variables: known.variables })
  return { source, calls, evaluate: (scope) => evaluate(node, scope) }
}

/** Whether a word means something already, so that no variable can have its name. */
export function isReservedName(name: string): boolean {
  return KEYWORDS.has(name) || Object.hasOwn(BUILTINS, name) || PREDICATES.includes(name)
}

function evaluate(node: ExpressionNode, scope: ExpressionScope): ExpressionValue {
  switch (node.kind) {
    case 'literal':
      return node.value
    case 'list':
      return node.items.map((item) => evaluate(item, scope))
    case 'map':
      return new Map(node.entries.map(([key, value]) => [String(scalar(evaluate(key, scope))), evaluate(value, scope)]))
    case 'name':
      return scope.variables.get(node.name) ?? null
    case 'call':
      return call(node, scope)
    case 'predicate':
      throw new ExpressionError('evaluate', 'a predicate stands where a value is wanted')
    case 'unary':
      return unary(node.operator, evaluate(node.operand, scope))
    case 'binary':
      return binary(node, scope)
    case 'conditional':
      return evaluate(truth(evaluate(node.test, scope)) ? node.yes : node.no, scope)
    case 'member':
      return member(evaluate(node.object, scope), evaluate(node.key, scope), node.optional)
    case 'slice':
      return slice(node, scope)
    case 'let': {
      const variables = new Map(scope.variables).set(node.name, evaluate(node.value, scope))
      return evaluate(node.body, { ...scope, variables })
    }
  }
}

function call(node: ExpressionNode & { readonly kind: 'call' }, scope: ExpressionScope): ExpressionValue {
  const own = Object.hasOwn(scope.functions, node.name) ? scope.functions[node.name] : undefined
  if (own === undefined && PREDICATES.includes(node.name)) return callWithPredicate(node, scope)
  const method = own ?? BUILTINS[node.name]
  if (method === undefined) throw new ExpressionError('evaluate', `unknown name ${node.name}`)
  return method(...node.args.map((arg) => evaluate(arg, scope)))
}

function callWithPredicate(node: ExpressionNode & { readonly kind: 'call' }, scope: ExpressionScope): ExpressionValue {
  const [subject, predicate] = node.args
  if (subject === undefined || predicate?.kind !== 'predicate') {
    throw new ExpressionError('evaluate', `${node.name} wants a list and a predicate`)
  }
  const value = evaluate(subject, scope)
  if (!Array.isArray(value)) throw new ExpressionError('evaluate', `${node.name} wants a list, not ${typeName(value)}`)
  const items = value as readonly ExpressionValue[]
  const each = (item: ExpressionValue): ExpressionValue =>
    evaluate(predicate.body, { ...scope, variables: new Map(scope.variables).set('#', item) })
  const holds = (item: ExpressionValue): boolean => truth(each(item))
  switch (node.name) {
    case 'all':
      return items.every(holds)
    case 'any':
      return items.some(holds)
    case 'none':
      return !items.some(holds)
    case 'one':
      return items.filter(holds).length === 1
    case 'count':
      return items.filter(holds).length
    case 'find':
      return items.find(holds) ?? null
    case 'filter':
      return items.filter(holds)
    default:
      return items.map(each)
  }
}

function unary(operator: '!' | '+' | '-', value: ExpressionValue): ExpressionValue {
  if (operator === '!') return !truth(value)
  if (typeof value !== 'number') throw wrong(operator, value)
  return operator === '-' ? -value : value
}

function binary(node: ExpressionNode & { readonly kind: 'binary' }, scope: ExpressionScope): ExpressionValue {
  const { operator } = node
  const left = evaluate(node.left, scope)
  // These look at the right side only when it matters.
  if (operator === '&&') return truth(left) && truth(evaluate(node.right, scope))
  if (operator === '||') return truth(left) || truth(evaluate(node.right, scope))
  if (operator === '??') return left ?? evaluate(node.right, scope)
  const right = evaluate(node.right, scope)
  switch (operator) {
    case '==':
      return isSame(left, right)
    case '!=':
      return !isSame(left, right)
    case 'in':
      return isIn(left, right)
    case 'matches':
      return pattern(string(operator, right)).test(string(operator, left))
    case 'contains':
      return string(operator, left).includes(string(operator, right))
    case 'startsWith':
      return string(operator, left).startsWith(string(operator, right))
    case 'endsWith':
      return string(operator, left).endsWith(string(operator, right))
    case '<':
      return compare(operator, left, right) < 0
    case '<=':
      return compare(operator, left, right) <= 0
    case '>':
      return compare(operator, left, right) > 0
    case '>=':
      return compare(operator, left, right) >= 0
    case '+':
      if (typeof left === 'string' && typeof right === 'string') return left + right
      return numeric(operator, left) + numeric(operator, right)
    case '..':
      return range(numeric(operator, left), numeric(operator, right))
    default:
      return arithmetic(operator, numeric(operator, left), numeric(operator, right))
  }
}

function arithmetic(operator: string, left: number, right: number): number {
  switch (operator) {
    case '-':
      return left - right
    case '*':
      return left * right
    case '/':
      return left / right
    case '%':
      if (right === 0) throw new ExpressionError('evaluate', 'integer divide by zero')
      return left % right
    case '**':
      return left ** right
    default:
      throw new ExpressionError('evaluate', `unknown operator ${operator}`)
  }
}

function range(from: number, to: number): number[] {
  if (to - from >= MAX_RANGE) throw new ExpressionError('evaluate', `range of more than ${MAX_RANGE}`)
  return Array.from({ length: Math.max(0, to - from + 1) }, (_, index) => from + index)
}

function isIn(value: ExpressionValue, group: ExpressionValue): boolean {
  if (group === null) return false
  if (Array.isArray(group)) return (group as readonly ExpressionValue[]).some((item) => isSame(item, value))
  if (group instanceof Map) return typeof value === 'string' && group.has(value)
  throw wrong('in', group)
}

function member(object: ExpressionValue, key: ExpressionValue, optional: boolean): ExpressionValue {
  if (object === null && optional) return null
  if (object instanceof Map) return (object as ReadonlyMap<string, ExpressionValue>).get(String(scalar(key))) ?? null
  if ((Array.isArray(object) || typeof object === 'string') && typeof key === 'number') {
    const index = key < 0 ? object.length + key : key
    if (index < 0 || index >= object.length) throw new ExpressionError('evaluate', `index out of range: ${key}`)
    return object[index] as ExpressionValue
  }
  throw new ExpressionError('evaluate', `cannot fetch ${JSON.stringify(key)} from ${typeName(object)}`)
}

function slice(node: ExpressionNode & { readonly kind: 'slice' }, scope: ExpressionScope): ExpressionValue {
  const object = evaluate(node.object, scope)
  if (typeof object !== 'string' && !Array.isArray(object)) throw wrong('[:]', object)
  const bound = (part: ExpressionNode | undefined): number | undefined =>
    part === undefined ? undefined : numeric('[:]', evaluate(part, scope))
  return object.slice(bound(node.from) ?? 0, bound(node.to)) as ExpressionValue
}

/** Patterns in the Corefile are few and the same for every query. */
const patterns = new Map<string, GoRegexp>()
const MAX_PATTERNS = 64

function pattern(source: string): GoRegexp {
  const known = patterns.get(source)
  if (known !== undefined) return known
  let compiled: GoRegexp
  try {
    compiled = compileGoRegexp(source)
  } catch (error) {
    throw new ExpressionError('evaluate', error instanceof Error ? error.message : String(error), { cause: error })
  }
  if (patterns.size >= MAX_PATTERNS) patterns.clear()
  patterns.set(source, compiled)
  return compiled
}

function truth(value: ExpressionValue): boolean {
  if (typeof value === 'boolean') return value
  throw new ExpressionError('evaluate', `wrong type: ${typeName(value)} is not a boolean`)
}

function string(operator: string, value: ExpressionValue): string {
  if (typeof value === 'string') return value
  throw wrong(operator, value)
}

function numeric(operator: string, value: ExpressionValue): number {
  if (typeof value === 'number') return value
  throw wrong(operator, value)
}

function scalar(value: ExpressionValue): boolean | number | string {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  throw new ExpressionError('evaluate', `${typeName(value)} is no key`)
}

function compare(operator: string, left: ExpressionValue, right: ExpressionValue): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right
  if (typeof left === 'string' && typeof right === 'string') return left < right ? -1 : left > right ? 1 : 0
  throw wrong(operator, typeof left === typeof right ? left : right)
}

function wrong(operator: string, value: ExpressionValue): ExpressionError {
  return new ExpressionError('evaluate', `invalid operation: ${operator} on ${typeName(value)}`)
}
