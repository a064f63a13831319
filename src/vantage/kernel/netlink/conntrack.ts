// The connection table as ctnetlink dumps it (linux/netfilter/nfnetlink_conntrack.h): for kernels that hide the file, on nodes without the
// program "conntrack".
import { readAttributes } from '../../../sys/index.ts'
import type { Attributes, NetlinkDump } from '../../../sys/index.ts'
import type { ConntrackEntry, ConntrackTuple } from '../tables.ts'
import { addressOf, nested, networkNumberOf, numberOf } from './attributes.ts'

/** IPCTNL_MSG_CT_GET of NFNL_SUBSYS_CTNETLINK, nfgenmsg of 4 octets: both families. */
export const CONNTRACK_DUMP: NetlinkDump = { protocol: 'netfilter', type: 0x101, header: new Uint8Array(4) }

const PROTOCOLS: Readonly<Record<number, string>> = { 1: 'icmp', 6: 'tcp', 17: 'udp', 58: 'icmpv6', 132: 'sctp' }
const TCP_STATES = [
  'NONE',
  'SYN_SENT',
  'SYN_RECV',
  'ESTABLISHED',
  'FIN_WAIT',
  'CLOSE_WAIT',
  'LAST_ACK',
  'TIME_WAIT',
  'CLOSE',
  'SYN_SENT2',
]
const IPS_SEEN_REPLY = 2
const IPS_ASSURED = 4

/** Reads one IPCTNL_MSG_CT_NEW (nfgenmsg, CTA_*). */
export function readConntrackMessage(message: DataView): ConntrackEntry | undefined {
  const attributes = readAttributes(message, 4)
  const original = readTuple(nested(attributes, 1), nested(attributes, 9))
  const reply = readTuple(nested(attributes, 2), nested(attributes, 10))
  const number = numberOf(nested(nested(attributes, 1), 2), 1)
  if (original === undefined || reply === undefined || number === undefined) return undefined
  const status = networkNumberOf(attributes, 3) ?? 0
  const state = numberOf(nested(nested(attributes, 4), 1), 1)
  return {
    protocol: PROTOCOLS[number] ?? 'unknown',
    ...(state === undefined ? {} : { state: TCP_STATES[state] ?? `${state}` }),
    timeoutSeconds: networkNumberOf(attributes, 7) ?? 0,
    original,
    reply,
    isReplied: (status & IPS_SEEN_REPLY) !== 0,
    isAssured: (status & IPS_ASSURED) !== 0,
  }
}

function readTuple(tuple: Attributes, counters: Attributes): ConntrackTuple | undefined {
  const ends = nested(tuple, 1)
  const ports = nested(tuple, 2)
  const source = addressOf(ends, 1) ?? addressOf(ends, 3)
  const destination = addressOf(ends, 2) ?? addressOf(ends, 4)
  if (source === undefined || destination === undefined) return undefined
  const packets = networkNumberOf(counters, 1)
  return {
    source: { address: source, port: networkNumberOf(ports, 2) ?? 0 },
    destination: { address: destination, port: networkNumberOf(ports, 3) ?? 0 },
    ...(packets === undefined ? {} : { packets }),
  }
}
