// Which privileges this process has, so that a refused step can say what is missing.
import { readFileSync } from 'node:fs'

const BITS = { NET_BIND_SERVICE: 10, NET_ADMIN: 12, NET_RAW: 13 } as const

/** A privilege that the node cache may need (capabilities(7), without `CAP_`). */
export type Capability = keyof typeof BITS

/** Those of `wanted` that this process lacks; none when the system does not tell. */
export function missingCapabilities(
  wanted: readonly Capability[],
  status: string = ownStatus(),
): readonly Capability[] {
  const text = /^CapEff:\s*([0-9a-f]+)$/m.exec(status)?.[1]
  if (text === undefined) return []
  const effective = BigInt(`0x${text}`)
  return wanted.filter((name) => ((effective >> BigInt(BITS[name])) & 1n) === 0n)
}

/** A hint to go behind a complaint: ` (missing capability NET_ADMIN: …)`; empty when nothing is missing. */
export function capabilityHint(missing: readonly Capability[]): string {
  if (missing.length === 0) return ''
  return ` (missing capability ${missing.join(', ')}: add it to the container's securityContext.capabilities, or run as root)`
}

function ownStatus(): string {
  try {
    return readFileSync('/proc/self/status', 'utf8')
  } catch {
    return ''
  }
}
