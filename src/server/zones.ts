// Which zone a name belongs to, on lower-cased presentation names; and the `fallthrough` option that asks it.
import type { DomainName } from '../dns/message.ts'

/** Whether `name` is `zone` or below it; both lower-cased, absolute. */
export function isInZone(name: DomainName, zone: DomainName): boolean {
  if (zone === '.') return true
  if (!name.endsWith(zone)) return false
  if (name.length === zone.length) return true
  const dot = name.length - zone.length - 1
  return name.charCodeAt(dot) === DOT && !isEscaped(name, dot)
}

/** The longest of `zones` that `name` (lower-cased) is in; undefined when there is none. */
export function matchZone(zones: readonly DomainName[], name: DomainName): DomainName | undefined {
  let best: DomainName | undefined
  for (const zone of zones) {
    if ((best === undefined || zone.length > best.length) && isInZone(name, zone)) best = zone
  }
  return best
}

/** The `fallthrough [ZONES…]` option: undefined when it was not given; no zones means every name. */
export type Fallthrough = readonly DomainName[] | undefined

/** Whether a miss for `name` (lower-cased) goes on to the next plugin. */
export function fallsThrough(fallthrough: Fallthrough, name: DomainName): boolean {
  if (fallthrough === undefined) return false
  return fallthrough.length === 0 || fallthrough.some((zone) => isInZone(name, zone))
}

const DOT = 0x2e
const BACKSLASH = 0x5c

function isEscaped(name: string, at: number): boolean {
  let count = 0
  while (at - 1 - count >= 0 && name.charCodeAt(at - 1 - count) === BACKSLASH) count += 1
  return count % 2 === 1
}
