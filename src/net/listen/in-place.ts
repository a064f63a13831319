// Answers in place for streams, and for datagrams that Node moves one by one: a query is copied to where it can be read as words, its response to a buffer that all
// connections of the thread use in turn. Hot path: nothing is allocated until what is gathered is taken.
import { SOCKADDR_BYTES, writeSocketAddress } from '../../sys/index.ts'
import type { Endpoint } from '../exchange-result.ts'
import { IN_PLACE_BYTES, viaOf } from './responder.ts'
import type { InPlaceResponder, Peer } from './responder.ts'

/** Longer queries go the ordinary way. */
const MAX_QUERY_BYTES = 512
const GATHER_BYTES = 64 * 1024
const PREFIX = 2

const query = new Int32Array(MAX_QUERY_BYTES / 4)
const queryOctets = Buffer.from(query.buffer)
const response = new Int32Array(IN_PLACE_BYTES / 4)
const responseOctets = Buffer.from(response.buffer)
const gathered = Buffer.from(new ArrayBuffer(GATHER_BYTES))
let gatheredBytes = 0

/** A client as in-place responders want it: its socket address in words, of which they read the second and later ones. */
export function encodeClient(client: Endpoint): Int32Array {
  const words = new Int32Array(SOCKADDR_BYTES / 4)
  writeSocketAddress(new Uint8Array(words.buffer), 0, client)
  return words
}

/**
 * Answers one message of a stream if that can be done in place, with its length prefix.
 *
 * @returns octets gathered; 0 when the responder itself is to be asked. What is gathered must be taken before another
 *   connection's turn.
 */
export function answerInPlace(
  inPlace: InPlaceResponder,
  octets: Buffer,
  start: number,
  bytes: number,
  via: number,
  client: Int32Array,
): number {
  if (bytes > MAX_QUERY_BYTES || gatheredBytes + PREFIX + IN_PLACE_BYTES > GATHER_BYTES) return 0
  octets.copy(queryOctets, 0, start, start + bytes)
  const written = inPlace.answer(query, 0, bytes, response, responseOctets, 0, via, client, 1)
  if (written <= 0) return 0
  gathered[gatheredBytes] = written >> 8
  gathered[gatheredBytes + 1] = written & 0xff
  responseOctets.copy(gathered, gatheredBytes + PREFIX, 0, written)
  gatheredBytes += written + PREFIX
  return written + PREFIX
}

/** Answers one message by itself if that can be done in place, in a copy. */
export function answerAlone(inPlace: InPlaceResponder, octets: Uint8Array, from: Peer): Uint8Array | undefined {
  if (octets.length > MAX_QUERY_BYTES || from.transport === 'https') return undefined
  queryOctets.set(octets)
  const via = viaOf(from.transport, from.client.address.includes(':'))
  inPlace.begin()
  const client = encodeClient(from.client)
  const written = inPlace.answer(query, 0, octets.length, response, responseOctets, 0, via, client, 1)
  inPlace.end()
  return written <= 0 ? undefined : Uint8Array.prototype.slice.call(responseOctets, 0, written)
}

/** Takes a copy of what was gathered; undefined when that is nothing. */
export function takeGathered(): Uint8Array | undefined {
  if (gatheredBytes === 0) return undefined
  const taken = Uint8Array.prototype.slice.call(gathered, 0, gatheredBytes)
  gatheredBytes = 0
  return taken
}
