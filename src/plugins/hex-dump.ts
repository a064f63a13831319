// Octets for the log, where `debug` is on: the form that Wireshark's text2pcap reads back.

/** Sixteen octets a line behind their offset, and a last line with the length; each begins with `debug: `. */
export function hexDump(octets: Uint8Array): string {
  const lines: string[] = []
  for (let offset = 0; offset < octets.length; offset += 16) {
    const row = [...octets.subarray(offset, offset + 16)].map((octet) => octet.toString(16).padStart(2, '0'))
    lines.push(`debug: ${hexOffset(offset)} ${row.join(' ')}`)
  }
  return [...lines, `debug: ${hexOffset(octets.length)}`].join('\n')
}

function hexOffset(offset: number): string {
  return offset.toString(16).padStart(6, '0')
}
