// Octets as text: `<character-string>` with quotes and escapes (RFC 1035 §5.1). One code unit stands for one octet.
import { TextError, excerpt } from './error.ts'

/** Puts octets between quotes, `"` and `\` escaped, everything outside printable ASCII as `\DDD`. */
export function quoteOctets(octets: string): string {
  return /^[ !#-[\]-~]*$/.test(octets) ? `"${octets}"` : `"${escapeOctets(octets)}"`
}

function escapeOctets(octets: string): string {
  let text = ''
  for (let index = 0; index < octets.length; index += 1) text += escapeOctet(octets.charCodeAt(index))
  return text
}

function escapeOctet(octet: number): string {
  if (octet === 0x22 || octet === 0x5c) return `\\${String.fromCharCode(octet)}`
  return octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : `\\${String(octet).padStart(3, '0')}`
}

/**
 * Resolves `\X` and `\DDD`; characters outside ASCII become their UTF-8 octets.
 *
 * @throws {TextError} `bad-escape`
 */
export function unescapeOctets(text: string): string {
  if (/^[^\\\u0080-\uffff]*$/.test(text)) return text
  let octets = ''
  for (let index = 0; index < text.length;) {
    const character = text[index] ?? ''
    index += 1
    if (character !== '\\') {
      const codePoint = text.codePointAt(index - 1) ?? 0
      const whole = String.fromCodePoint(codePoint)
      octets += codePoint < 0x80 ? whole : Buffer.from(whole).toString('latin1')
      index += whole.length - 1
      continue
    }
    const escaped = text[index]
    if (escaped === undefined)
      throw new TextError('bad-escape', `Cannot read "${excerpt(text)}": it ends with a backslash`)
    const digits = /^[0-9]/.test(escaped) ? text.slice(index, index + 3) : undefined
    if (digits === undefined) {
      octets += escaped.charCodeAt(0) < 0x80 ? escaped : ''
      if (escaped.charCodeAt(0) < 0x80) index += 1
      continue
    }
    if (!/^\d{3}$/.test(digits) || Number(digits) > 255) {
      throw new TextError('bad-escape', `Cannot read "${excerpt(text)}": "\\${digits}" is not \\000 to \\255`)
    }
    octets += String.fromCharCode(Number(digits))
    index += 3
  }
  return octets
}
