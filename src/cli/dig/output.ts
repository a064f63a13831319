// What is printed around messages: the command line, statistics, warnings.
import { decodeHeader, decodeQuestion } from '../../dns/index.ts'
import type { ExchangeResult, StrayMessage, Transport } from '../../net/index.ts'
import { PROGRAM_NAME, PROGRAM_VERSION } from '../../base/version.ts'
import type { Server } from './servers.ts'
import type { Settings } from './settings.ts'

/** The lines that repeat the command, printed once before the first response. */
export function formatGreeting(args: readonly string[], serverCount: number | undefined): string {
  const command = [`; <<>> ${PROGRAM_NAME} dig ${PROGRAM_VERSION} <<>>`, ...args].join(' ')
  const found = serverCount === undefined ? '' : `; (${serverCount} server${serverCount === 1 ? '' : 's'} found)\n`
  return `\n${command}\n${found};; global options: +cmd\n`
}

export interface Statistics {
  readonly settings: Settings
  readonly server: Server
  readonly transport: Transport
  readonly rttMs: number
  /** The place that asked, when it is not this machine. */
  readonly from?: string | undefined
  /** For a message its octets; for a transfer its size in all three measures. */
  readonly size: number | { readonly records: number; readonly messages: number; readonly octets: number }
}

/** The lines after a response. */
export function formatStatistics({ settings, server, transport, rttMs, size, from: place }: Statistics): string {
  const time = formatTime(rttMs, settings)
  const from = formatServer(server)
  if (!settings.showStatistics) {
    const octets = typeof size === 'number' ? size : size.octets
    return settings.identify && !settings.short ? `;; Received ${octets} bytes from ${from} in ${time.short}\n\n` : ''
  }
  const sizeLine =
    typeof size === 'number'
      ? `;; MSG SIZE  rcvd: ${size}`
      : `;; XFR size: ${size.records} records (messages ${size.messages}, bytes ${size.octets})`
  return [
    `;; Query time: ${time.long}`,
    `;; SERVER: ${from} (${transport.toUpperCase()})`,
    ...(place === undefined ? [] : [`;; FROM: ${place}`]),
    `;; WHEN: ${formatDate(new Date())}`,
    sizeLine,
    '',
    '',
  ].join('\n')
}

/** `127.0.0.1#53(localhost)`. */
export function formatServer({ address, port, name }: Server): string {
  return `${address}#${port}(${name})`
}

/** A round-trip time in dig's two wordings. */
export function formatTime(
  rttMs: number,
  { microseconds }: Settings,
): { readonly long: string; readonly short: string } {
  const micros = Math.round(rttMs * 1000)
  if (microseconds) return { long: `${micros} usec`, short: `${micros} us` }
  const millis = Math.trunc(rttMs)
  return { long: `${millis} msec`, short: `${millis} ms` }
}

/** `Sun Nov 22 16:16:26 UTC 2026`, in local time. */
function formatDate(date: Date): string {
  const [weekday, month, day, year, time] = date.toString().split(' ')
  const zone = new Intl.DateTimeFormat('en-US', { timeZoneName: 'short' })
    .formatToParts(date)
    .find(({ type }) => type === 'timeZoneName')?.value
  return `${weekday} ${month} ${day} ${time} ${zone ?? 'UTC'} ${year}`
}

/** What is said when no response came of an attempt. */
export function formatFault(fault: Fault, server: Server, name: string): string {
  const reason = fault.kind === 'timeout' ? 'timed out' : fault.detail
  const isSetup = fault.kind === 'unreachable' || (fault.kind === 'refused' && fault.transport === 'tcp')
  if (!isSetup) return `;; communications error to ${server.address}#${server.port}: ${reason}\n`
  const step = fault.transport === 'tcp' ? 'Connection to' : 'UDP setup with'
  return `;; ${step} ${formatServer(server)} for ${name.replace(/(?<=.)\.$/, '')} failed: ${reason}.\n`
}

type Fault = Exclude<ExchangeResult, { kind: 'response' }>

/** What is said about a message that came but is not the response. @param id the id of the query */
export function formatStray(stray: StrayMessage, id: number, server: Server): string {
  switch (stray.why) {
    case 'other-id':
      return `;; Warning: ID mismatch: expected ID ${id}, got ${decodeHeader(stray.octets).id}\n`
    case 'other-question':
      return `;; Question section mismatch: got ${questionText(stray.octets)}\n`
    case 'not-a-response':
      return ';; Warning: query response not set\n'
    case 'other-address':
      return `;; Warning: reply from unexpected source: ${stray.from.address}#${stray.from.port}, expected ${server.address}#${server.port}\n`
    case 'malformed':
      if (stray.octets.length < 12) return ';; Warning: short (< header size) message received\n'
      return `;; Got bad packet: ${stray.detail ?? 'malformed'}\n${formatHexDump(stray.octets)}`
  }
}

function questionText(octets: Uint8Array): string {
  if (decodeHeader(octets).questionCount === 0) return 'none'
  const { question } = decodeQuestion(octets)
  return `${question.name.replace(/(?<=.)\.$/, '')}/${question.type}/${question.class}`
}

/** Octets in rows of sixteen, with their text beside them. */
function formatHexDump(octets: Uint8Array): string {
  const rows: string[] = [`${octets.length} bytes`]
  for (let at = 0; at < octets.length; at += 16) {
    const row = [...octets.subarray(at, at + 16)]
    const hex = row.map((octet) => `${octet.toString(16).padStart(2, '0')} `).join('')
    const text = row.map((octet) => (octet >= 0x20 && octet < 0x7f ? String.fromCharCode(octet) : '.')).join('')
    rows.push(`${hex.padEnd(57)}${text}`)
  }
  return `${rows.join('\n')}\n`
}
