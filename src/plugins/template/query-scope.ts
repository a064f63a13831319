// What expressions can ask about a query: the functions that CoreDNS's *view* and *template* plugins have.
import { opcodeNumber, parseAddress } from '../../dns/index.ts'
import type { Request } from '../../server/index.ts'
import { ExpressionError, type ExpressionFunction, type ExpressionValue } from './expression/index.ts'

/** Names of all functions, for compiling. */
export const QUERY_FUNCTIONS: ReadonlySet<string> = new Set([
  'bufsize',
  'class',
  'client_ip',
  'do',
  'group',
  'id',
  'incidr',
  'metadata',
  'name',
  'opcode',
  'port',
  'proto',
  'server_ip',
  'server_port',
  'size',
  'type',
])

/** Functions whose result may be another one for a query with the same octets from the same client. */
const VOLATILE: ReadonlySet<string> = new Set(['id', 'metadata', 'port', 'server_ip'])

/** What an expression looks at beside the question and its flags. */
export function dependenceOf(calls: ReadonlySet<string>): 'client' | 'query' | 'unknown' {
  if ([...calls].some((name) => VOLATILE.has(name))) return 'unknown'
  return calls.has('client_ip') ? 'client' : 'query'
}

/** Notes whether something was read that the same query need not bring again. */
export interface Reads {
  volatile: boolean
}

/** The functions for one query; `group` gives a capture group of the matching expression, by name or number. */
export function queryFunctions(
  request: Request,
  group: (name: string) => string,
): Readonly<Record<string, ExpressionFunction>> {
  const { message } = request
  return {
    bufsize: () => message.edns?.udpPayloadSize ?? 512,
    class: () => request.class,
    client_ip: () => request.client.address,
    do: () => message.edns?.dnssecOk === true,
    group: (name) => (typeof name === 'string' || typeof name === 'number' ? group(String(name)) : ''),
    id: () => message.id,
    incidr: (address, block) => isInBlock(address, block),
    metadata: (label) => (typeof label === 'string' ? (request.metadata?.get(label)?.() ?? '') : ''),
    name: () => request.name,
    opcode: () => opcodeNumber(message.opcode) ?? 0,
    port: () => String(request.client.port),
    proto: () => (request.transport === 'udp' ? 'udp' : 'tcp'),
    server_ip: () => request.local.address,
    server_port: () => String(request.local.port),
    size: () => request.sizeBytes,
    type: () => request.type,
  }
}

function isInBlock(address: ExpressionValue | undefined, block: ExpressionValue | undefined): boolean {
  const octets = typeof address === 'string' ? parseAddress(address) : undefined
  if (octets === undefined) throw new ExpressionError('evaluate', 'first argument is not an IP address')
  const [network = '', lengthText = ''] = typeof block === 'string' ? block.split('/') : []
  const prefix = parseAddress(network)
  const length = Number(lengthText)
  if (prefix === undefined || !/^\d{1,3}$/.test(lengthText) || length > prefix.length * 8) {
    throw new ExpressionError('evaluate', `invalid CIDR address: ${network}/${lengthText}`)
  }
  if (prefix.length !== octets.length) return false
  for (let bit = 0; bit < length; bit += 1) {
    const mask = 0x80 >> (bit & 7)
    if (((prefix[bit >> 3] ?? 0) & mask) !== ((octets[bit >> 3] ?? 0) & mask)) return false
  }
  return true
}
