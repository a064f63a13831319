// The query that a lookup's settings describe.
import {
  encodeMessage,
  opcodeMnemonic,
  parseName,
  parseRData,
  writeClientSubnet,
  writeCookie,
  writeExpire,
  writeNsid,
  writePadding,
  writeTcpKeepalive,
} from '../../dns/index.ts'
import type { Edns, EdnsOption, Message } from '../../dns/index.ts'
import type { Settings } from './settings.ts'

export interface QueryParts {
  /** The name to ask for, which the search list may have completed. */
  readonly name: string
  /** Client cookie, and the server's behind it when one is known. */
  readonly cookie: Uint8Array
  /** May be lower than the one asked for, after BADVERS. */
  readonly ednsVersion: number | undefined
}

/** dig's default for what it can receive over UDP. */
const UDP_PAYLOAD_SIZE = 1232

/** Builds a query; its id is 0 until it is sent. @throws {TextError} for a name that is none */
export function buildQuery(settings: Settings, parts: QueryParts): Message {
  const { rd, aa, ad, cd, tc, ra, z } = settings
  const name = parseName(parts.name)
  const message: Message = {
    id: 0,
    opcode: opcodeMnemonic(settings.opcode),
    flags: { qr: false, aa, tc, rd, ra, z, ad, cd },
    rcode: 'NOERROR',
    question: settings.headerOnly ? [] : [{ name, type: settings.type, class: settings.class }],
    answer: [],
    authority:
      settings.ixfrSerial === undefined
        ? []
        : [
            {
              name,
              type: 'SOA',
              class: settings.class,
              ttl: 0,
              rdata: parseRData('SOA', `. . ${settings.ixfrSerial} 0 0 0 0`),
            },
          ],
    additional: [],
    edns: buildEdns(settings, parts),
  }
  return settings.paddingBlock === 0 ? message : pad(message, settings.paddingBlock)
}

function buildEdns(settings: Settings, { cookie, ednsVersion }: QueryParts): Edns | undefined {
  if (ednsVersion === undefined) return undefined
  const options: EdnsOption[] = []
  if (settings.nsid) options.push(writeNsid())
  if (settings.subnet !== undefined) {
    const { address, prefixLength } = settings.subnet
    options.push(writeClientSubnet({ address, sourcePrefixLength: prefixLength, scopePrefixLength: 0 }))
  }
  if (settings.sendCookie) options.push(writeCookie({ client: cookie, server: new Uint8Array(0) }))
  if (settings.expire) options.push(writeExpire())
  if (settings.keepalive) options.push(writeTcpKeepalive())
  options.push(...settings.ednsOptions)
  return {
    udpPayloadSize: settings.udpPayloadSize ?? UDP_PAYLOAD_SIZE,
    version: ednsVersion,
    dnssecOk: settings.dnssecOk,
    z: (settings.ednsFlags & 0x7fff) | (settings.compactOk ? 0x4000 : 0),
    options,
  }
}

/** Pads the query to a multiple of the block (RFC 8467 §4.1). */
function pad(message: Message, block: number): Message {
  const { edns } = message
  if (edns === undefined) return message
  const withPadding = (sizeBytes: number): Message => ({
    ...message,
    edns: { ...edns, options: [...edns.options, writePadding(sizeBytes)] },
  })
  const size = encodeMessage(withPadding(0)).length
  return withPadding((block - (size % block)) % block)
}
