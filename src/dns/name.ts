// What can be done with domain names without their octets: compare, cut, join.
import type { DomainName } from './message.ts'

/** The root, to which every absolute name leads. */
export const ROOT: DomainName = '.'

/** Whether two names are the same, ASCII letters in either case (RFC 4343 §3). */
export function equalNames(left: DomainName, right: DomainName): boolean {
  return left === right || (left.length === right.length && equalTails(left, right))
}

/** Whether a name is the zone's apex or stands below it, label by label: every name is below the root. */
export function isSubdomain(name: DomainName, zone: DomainName): boolean {
  if (zone === ROOT) return true
  const start = name.length - zone.length
  if (start < 0 || !equalTails(name, zone)) return false
  return start === 0 || isLabelDot(name, start - 1)
}

/** The name in lower case; octets outside `A` to `Z` stay (RFC 4343 §3). */
export function lowerName(name: DomainName): DomainName {
  for (let index = 0; index < name.length; index += 1) {
    const code = name.charCodeAt(index)
    if (code >= 0x41 && code <= 0x5a) return name.toLowerCase()
  }
  return name
}

/** The name without its first label; undefined for the root. */
export function parentName(name: DomainName): DomainName | undefined {
  if (name === ROOT) return undefined
  const dot = nextLabelDot(name, 0)
  return dot + 1 >= name.length ? ROOT : name.slice(dot + 1)
}

/** The labels from first to last, in presentation format without dots; none for the root. */
export function labelsOf(name: DomainName): string[] {
  const labels: string[] = []
  if (name === ROOT) return labels
  for (let start = 0; start < name.length;) {
    const dot = nextLabelDot(name, start)
    labels.push(name.slice(start, dot))
    start = dot + 1
  }
  return labels
}

/** How many labels the name has, the root's empty one not counted (RFC 4034 §3.1.3). */
export function countLabels(name: DomainName): number {
  return labelsOf(name).length
}

/** Puts labels, as {@link labelsOf} gives them, before a zone (default: the root). */
export function joinLabels(labels: readonly string[], zone: DomainName = ROOT): DomainName {
  if (labels.length === 0) return zone
  return `${labels.join('.')}.${zone === ROOT ? '' : zone}`
}

/** Index of the dot that ends the label which begins at `start`; the length when the final dot is missing. */
function nextLabelDot(name: string, start: number): number {
  for (let dot = name.indexOf('.', start); dot >= 0; dot = name.indexOf('.', dot + 1)) {
    if (isLabelDot(name, dot)) return dot
  }
  return name.length
}

/** A dot separates labels unless an odd number of backslashes stands before it. */
function isLabelDot(name: string, index: number): boolean {
  if (name.charCodeAt(index) !== 0x2e) return false
  let backslashes = 0
  while (name.charCodeAt(index - 1 - backslashes) === 0x5c) backslashes += 1
  return backslashes % 2 === 0
}

/** Compares the last `tail.length` characters, ASCII letters in either case. */
function equalTails(name: string, tail: string): boolean {
  const start = name.length - tail.length
  for (let index = tail.length - 1; index >= 0; index -= 1) {
    const left = name.charCodeAt(start + index)
    const right = tail.charCodeAt(index)
    if (left !== right && lowerCode(left) !== lowerCode(right)) return false
  }
  return true
}

function lowerCode(code: number): number {
  return code >= 0x41 && code <= 0x5a ? code + 0x20 : code
}
