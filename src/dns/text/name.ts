// Domain names as people write them: relative, with `@`, with escapes (RFC 1035 §5.1).
import type { DomainName } from '../message.ts'
import { ROOT } from '../name.ts'
import { MAX_LABEL_OCTETS, MAX_NAME_OCTETS } from '../wire/name.ts'
import { unescapeOctets } from './character-string.ts'
import { TextError, excerpt } from './error.ts'

/**
 * Reads a name and gives it in the one form that {@link DomainName} has.
 *
 * A name without the final dot is relative to the origin (default: the root); `@` is the origin itself.
 *
 * @throws {TextError} `bad-name` (empty text or label), `bad-escape`, `label-too-long`, `name-too-long`
 */
export function parseName(text: string, origin: DomainName = ROOT): DomainName {
  if (text === '.') return ROOT
  if (text === '@') return origin
  if (text === '') throw new TextError('bad-name', 'Cannot read name: it is empty')
  const labels = splitLabels(text)
  const absolute = labels.at(-1) === ''
  if (absolute) labels.pop()
  let nameOctets = 1
  const name = labels.map((label) => {
    const octets = unescapeOctets(label)
    if (octets === '') throw new TextError('bad-name', `Cannot read name "${excerpt(text)}": it has an empty label`)
    if (octets.length > MAX_LABEL_OCTETS) {
      throw new TextError(
        'label-too-long',
        `Cannot read name "${excerpt(text)}": label is ${octets.length} octets, limit is ${MAX_LABEL_OCTETS}`,
      )
    }
    nameOctets += octets.length + 1
    return canonicalLabel(octets)
  })
  if (!absolute && origin !== ROOT) nameOctets += octetsOf(origin) - 1
  if (nameOctets > MAX_NAME_OCTETS) {
    throw new TextError(
      'name-too-long',
      `Cannot read name "${excerpt(text)}": name is ${nameOctets} octets, limit is ${MAX_NAME_OCTETS}`,
    )
  }
  return `${name.join('.')}.${absolute || origin === ROOT ? '' : origin}`
}

/** Formats a name for a zone file: characters that mean something there are escaped too. */
export function formatName(name: DomainName): string {
  return /["();@$]/.test(name)
    ? name.replaceAll(/\\.|["();@$]/g, (found) => (found.length === 1 ? `\\${found}` : found))
    : name
}

/** Splits at dots that are not escaped, escapes kept. */
function splitLabels(text: string): string[] {
  if (!text.includes('\\')) return text.split('.')
  const labels: string[] = []
  let start = 0
  for (let index = 0; index < text.length; index += 1) {
    if (text[index] === '\\') index += 1
    else if (text[index] === '.') {
      labels.push(text.slice(start, index))
      start = index + 1
    }
  }
  labels.push(text.slice(start))
  return labels
}

function canonicalLabel(octets: string): string {
  if (/^[!-\-/-[\]-~]+$/.test(octets)) return octets
  return octets.replaceAll(/[^!-\-/-[\]-~]/g, (octet) =>
    octet === '.' || octet === '\\' ? `\\${octet}` : `\\${String(octet.charCodeAt(0)).padStart(3, '0')}`,
  )
}

/** Octets of an absolute name on the wire, the root's zero included. */
function octetsOf(name: DomainName): number {
  return name.replaceAll(/\\(?:\d{3}|.)/g, 'x').length + 1
}
