// Label selectors: matching, and the text form that kubectl and the kubernetes plugin take.
import { BaseError } from '../../base/index.ts'
import type { LabelSelector, Selector } from './types.ts'

/** Text that is no label selector. */
export class SelectorError extends BaseError<'bad-selector'> {
  readonly selector: string

  constructor(selector: string, why: string) {
    super('bad-selector', `Cannot parse label selector "${selector}": ${why}`)
    this.selector = selector
  }
}

/** Whether labels carry every pair of a Service's or workload's selector; an empty selector selects everything. */
export function matchesSelector(selector: Selector, labels: Readonly<Record<string, string>>): boolean {
  return Object.entries(selector).every(([key, value]) => labels[key] === value)
}

/** Whether labels satisfy a `metav1.LabelSelector`. An operator that does not exist selects nothing. */
export function matchesLabelSelector(selector: LabelSelector, labels: Readonly<Record<string, string>>): boolean {
  return (
    matchesSelector(selector.matchLabels, labels) &&
    selector.matchExpressions.every(({ key, operator, values }) => {
      const value = Object.hasOwn(labels, key) ? labels[key] : undefined
      switch (operator) {
        case 'In':
          return value !== undefined && values.includes(value)
        case 'NotIn':
          return value === undefined || !values.includes(value)
        case 'Exists':
          return value !== undefined
        case 'DoesNotExist':
          return value === undefined
        default:
          return false
      }
    })
  )
}

// --- Text form: k=v, k==v, k!=v, k in (a,b), k notin (a,b), k, !k; joined by commas ---

type Expression = LabelSelector['matchExpressions'][number]

const KEY = /^(?:([a-z0-9]([-a-z0-9.]*[a-z0-9])?)\/)?[A-Za-z0-9]([-A-Za-z0-9_.]*[A-Za-z0-9])?$/
const VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/
const REQUIREMENT = /^(?:(!)\s*(\S+)|([^\s=!,()]+)\s*(?:(==|=|!=)\s*(\S*)|\s(in|notin)\s*\(([^()]*)\))?)$/

/**
 * Parses a label selector in kubectl's text form; empty text selects everything.
 *
 * @throws {SelectorError} a requirement has no such form, or a key or value is not a valid label
 */
export function parseSelector(selector: string): LabelSelector {
  const requirements = splitOutsideParentheses(selector)
  const matchExpressions =
    selector.trim() === '' ? [] : requirements.map((requirement) => parseRequirement(selector, requirement.trim()))
  return { matchLabels: {}, matchExpressions }
}

/** Writes a selector in the text form, as the API's `labelSelector` parameter takes it; empty when it selects everything. */
export function formatSelector(selector: LabelSelector): string {
  const pairs = Object.entries(selector.matchLabels).map(([key, value]) => `${key}=${value}`)
  const expressions = selector.matchExpressions.map(({ key, operator, values }) => {
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${key}`
    return `${key} ${operator.toLowerCase()} (${values.join(',')})`
  })
  return [...pairs, ...expressions].join(',')
}

function parseRequirement(selector: string, requirement: string): Expression {
  const found = REQUIREMENT.exec(requirement)
  if (found === null)
    throw new SelectorError(selector, `"${requirement}" is none of k, !k, k=v, k!=v, k in (v), k notin (v)`)
  const [, not, absentKey, key = '', sign, single, word, list] = found
  if (not !== undefined) return checked(selector, { key: absentKey ?? '', operator: 'DoesNotExist', values: [] })
  if (sign !== undefined) {
    return checked(selector, { key, operator: sign === '!=' ? 'NotIn' : 'In', values: [single ?? ''] })
  }
  if (word !== undefined) {
    const values = (list ?? '').split(',').map((value) => value.trim())
    return checked(selector, { key, operator: word === 'in' ? 'In' : 'NotIn', values })
  }
  return checked(selector, { key, operator: 'Exists', values: [] })
}

function checked(selector: string, expression: Expression): Expression {
  if (!KEY.test(expression.key)) throw new SelectorError(selector, `"${expression.key}" is not a label key`)
  const wrong = expression.values.find((value) => !VALUE.test(value))
  if (wrong !== undefined) {
    throw new SelectorError(selector, `"${wrong}" is not a label value (letters, digits, "-", "_", ".", at most 63)`)
  }
  return expression
}

function splitOutsideParentheses(selector: string): string[] {
  const parts: string[] = []
  let depth = 0
  let start = 0
  for (let index = 0; index < selector.length; index += 1) {
    const character = selector[index]
    if (character === '(') depth += 1
    else if (character === ')') depth -= 1
    else if (character === ',' && depth === 0) {
      parts.push(selector.slice(start, index))
      start = index + 1
    }
  }
  parts.push(selector.slice(start))
  return parts
}
