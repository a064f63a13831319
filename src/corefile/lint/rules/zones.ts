// Zones and keys: served twice, glued to a brace, in the clear, or out of reach.
import { CorefileError } from '../../errors.ts'
import { checkOverlap, parseKey } from '../../keys.ts'
import type { BoundZone } from '../../keys.ts'
import type { DomainName } from '../../../dns/message.ts'
import { expandZones, hasPreferredSyntax } from '../../zones.ts'
import { findingAt, isPlaceholder, occurrencesOf } from '../finding.ts'
import type { Finding, LintBlock, Rule } from '../finding.ts'

/** One zone on one address belongs to one block. */
export const duplicateZones: Rule = ({ blocks }) => {
  const accepted: BoundZone[] = []
  const findings: Finding[] = []
  for (const bound of blocks.flatMap(boundZones)) {
    const rivals = accepted.filter(({ zone, port }) => zone === bound.zone && port === bound.port)
    try {
      checkOverlap([...rivals, bound])
      accepted.push(bound)
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error
      findings.push(
        findingAt(bound.at, {
          code: 'duplicate-zone',
          severity: 'error',
          message: error.message,
          advice: 'Put both blocks into one, or give them different zones, ports or "bind" addresses',
          other: rivals[0]?.at,
        }),
      )
    }
  }
  return findings
}

function boundZones({ zones, addresses, directives }: LintBlock): BoundZone[] {
  const isFiltered = directives.has('view')
  return (addresses.length === 0 ? [''] : addresses).flatMap((address) =>
    zones.map((zone) => ({ ...zone, address, isFiltered })),
  )
}

/** Keys that can be served and hardly are what was meant. */
export const oddZones: Rule = ({ blocks }) =>
  blocks.flatMap(({ block }) =>
    block.keys.flatMap((key): Finding[] => {
      if (key.text.endsWith('{')) {
        return [
          findingAt(key, {
            code: 'glued-brace',
            severity: 'error',
            message: `The brace is part of the zone "${key.text}": the lines below belong to no other zone`,
            advice: `Put a space before the brace: "${key.text.slice(0, -1)} {"`,
          }),
        ]
      }
      if (key.text === '}') {
        return [
          findingAt(key, {
            code: 'extra-brace',
            severity: 'error',
            message: 'This closing brace has no opening one and is read as the zone "}."',
            advice: 'Remove it, or look for a brace that is missing above',
          }),
        ]
      }
      const odd = isPlaceholder(key.text) ? undefined : oddZoneOf(key)
      if (odd === undefined) return []
      return [
        findingAt(key, {
          code: 'odd-zone',
          severity: 'warning',
          message: `The zone "${odd}" is no usual domain name (RFC 1035 §2.3.1)`,
          advice: 'Check the key for a forgotten space, line or comma',
        }),
      ]
    }),
  )

function oddZoneOf(key: Parameters<typeof parseKey>[0]): DomainName | undefined {
  try {
    return parseKey(key).find(({ zone }) => !isUsual(zone))?.zone
  } catch {
    return undefined // a key that is no zone at all is reported as that
  }
}

/** Underscores and leading digits are common enough. */
function isUsual(zone: DomainName): boolean {
  return hasPreferredSyntax(zone.replaceAll('_', 'a').replaceAll(/(^|\.)(?=\d)/g, '$1a'))
}

/** `tls://` and `https://` without certificate speak in the clear. */
export const clearTextTls: Rule = ({ blocks }) =>
  blocks.flatMap(({ zones, directives }) => {
    const encrypted = zones.find(({ transport }) => transport !== 'dns' && transport !== 'grpc')
    if (encrypted === undefined || directives.has('tls')) return []
    return [
      findingAt(encrypted.at, {
        code: 'clear-text-tls',
        severity: 'warning',
        message: `The listener of "${encrypted.at.text}" has no certificate and will speak in the clear on port ${encrypted.port}`,
        advice: 'Add "tls CERT KEY" to the block, or write the key without the scheme',
      }),
    ]
  })

/** A forward whose zone and the block's have nothing in common never gets a query. */
export const unreachableForward: Rule = ({ blocks }) =>
  blocks.flatMap((block) =>
    occurrencesOf(block, 'forward').flatMap(({ args: [from] }): Finding[] => {
      if (from === undefined || block.zones.length === 0 || isPlaceholder(from.text)) return []
      const own = block.zones.map(({ zone }) => zone)
      const meets = zonesOf(from.text).some((zone) => own.some((other) => covers(zone, other) || covers(other, zone)))
      if (meets) return []
      return [
        findingAt(from, {
          code: 'unreachable-forward',
          severity: 'warning',
          message: `This forward is for "${from.text}", but the block only gets queries for ${own.join(' ')}`,
          advice: `Write "forward . …", or move the line to a block for "${from.text}"`,
        }),
      ]
    }),
  )

function zonesOf(text: string): readonly DomainName[] {
  try {
    return expandZones(text)
  } catch {
    return ['.'] // what is wrong with it is the plugin's to say
  }
}

function covers(zone: DomainName, name: DomainName): boolean {
  return zone === '.' || name === zone || name.endsWith(`.${zone}`)
}
