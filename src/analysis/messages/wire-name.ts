// A name in wire format without compression, as text that is safe to print.

/** Presentation format (RFC 1035 §5.1): dots and backslashes in labels and octets that are no printable ASCII are escaped. */
export function formatName(octets: Uint8Array): string {
  let text = ''
  for (let at = 0; at < octets.length && octets[at] !== 0;) {
    const end = at + 1 + (octets[at] ?? 0)
    for (at += 1; at < end; at += 1) text += formatOctet(octets[at] ?? 0)
    text += '.'
  }
  return text === '' ? '.' : text
}

function formatOctet(octet: number): string {
  if (octet === 0x2e || octet === 0x5c) return `\\${String.fromCharCode(octet)}`
  if (octet > 0x20 && octet < 0x7f) return String.fromCharCode(octet)
  return `\\${String(octet).padStart(3, '0')}`
}
