// Names as resolvers put them together: text, not yet checked.
import type { DomainName } from '../../dns/index.ts'

/** Appends a search domain, `.` being the root; the result has one final dot. */
export function joinName(name: string, suffix = '.'): DomainName {
  const base = name.endsWith('.') ? name : `${name}.`
  return suffix === '.' ? base : `${base}${suffix.endsWith('.') ? suffix : `${suffix}.`}`
}

/** Dots in a name, a final one included: resolvers count octets, not labels. */
export function countDots(name: string): number {
  return name.split('.').length - 1
}
