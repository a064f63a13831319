// Identical questions under way at the same time go to the upstream once (CVE-2023-30464: several at a time multiply the
// chances of a forged response).
import { hashText, randomId } from '../../base/index.ts'
import type { DomainName, Edns, RRClass, RRType } from '../../dns/message.ts'
import type { Request } from '../../server/index.ts'

/** One question under way. */
export interface Flight<T> {
  /** Queries that wait for it. */
  waiting: number
  /** Each of them is told. */
  readonly told: (result: T) => void
  more: ((result: T) => void)[] | undefined
}

interface Entry<T> extends Flight<T> {
  readonly hash: number
  readonly name: DomainName
  readonly type: RRType
  readonly class: RRClass
  /** Transport, flags and {@link MAX_ROUNDS round} of the query as a number. */
  readonly way: number
  readonly edns: string
  next: Entry<T> | undefined
}

/**
 * HINFO questions are what servers look for loops with (`loop` here and in CoreDNS, on this or another server of the way):
 * a loop shows only when the question comes round again, and a merged one would wait for itself instead. So many identical
 * ones go out; the bound is what ends a loop that nobody looks for.
 */
const MAX_ROUNDS = 8
const ROUND_BITS = 5
/** Chains of entries: with all the queries that may wait, sixteen in each. */
const CHAINS = 1024

/** What is under way, by everything in a query that may change the response. */
export class Flights<T> {
  readonly #seed: number = (randomId() << 16) | randomId()
  readonly #chains: (Entry<T> | undefined)[] = Array.from({ length: CHAINS }, () => undefined)

  /** Joins the flight of an identical query, or begins one: then `waiting` is 1, and whoever joined asks and ends it. */
  join(request: Request, told: (result: T) => void): Flight<T> {
    const { name, type, message } = request
    if (!isMergeable(request)) return { waiting: 1, told, more: undefined }
    const hash = hashText(name, hashText(type, this.#seed))
    const edns = ednsKey(message.edns)
    const rounds = type === 'HINFO' ? MAX_ROUNDS : 1
    let way = wayOf(request)
    for (let round = 1; ; round += 1) {
      const running = this.#find(request, { hash, way, edns })
      if (running === undefined) break
      if (round === rounds) {
        running.waiting += 1
        if (running.more === undefined) running.more = [told]
        else running.more.push(told)
        return running
      }
      way += 1 << ROUND_BITS
    }
    const place = hash & (CHAINS - 1)
    const next = this.#chains[place]
    const entry = { waiting: 1, told, more: undefined, hash, name, type, class: request.class, way, edns, next }
    this.#chains[place] = entry
    return entry
  }

  /** Ends a flight and tells all who wait for it. Called once. */
  end(flight: Flight<T>, result: T): void {
    if ('hash' in flight) this.#remove(flight as Entry<T>)
    flight.told(result)
    if (flight.more !== undefined) for (const told of flight.more) told(result)
  }

  #remove(entry: Entry<T>): void {
    const place = entry.hash & (CHAINS - 1)
    let before = this.#chains[place]
    if (before === entry) this.#chains[place] = entry.next
    else {
      while (before !== undefined && before.next !== entry) before = before.next
      if (before !== undefined) before.next = entry.next
    }
    // What is over holds on to nothing: see `hashText`.
    entry.next = undefined
  }

  #find(
    request: Request,
    { hash, way, edns }: { readonly hash: number; readonly way: number; readonly edns: string },
  ): Entry<T> | undefined {
    let entry = this.#chains[hash & (CHAINS - 1)]
    while (entry !== undefined) {
      if (
        entry.hash === hash &&
        entry.name === request.name &&
        entry.type === request.type &&
        entry.class === request.class &&
        entry.way === way &&
        entry.edns === edns
      ) {
        return entry
      }
      entry = entry.next
    }
    return undefined
  }
}

/** A plain query without records of its own. */
function isMergeable({ message, type }: Request): boolean {
  if (message.opcode !== 'QUERY' || type === 'AXFR' || type === 'IXFR') return false
  return message.answer.length + message.authority.length + message.additional.length === 0
}

function wayOf({ message, transport }: Request): number {
  const { rd, ad, cd, z } = message.flags
  return (rd ? 1 : 0) + (ad ? 2 : 0) + (cd ? 4 : 0) + (z ? 8 : 0) + (transport === 'udp' ? 16 : 0)
}

function ednsKey(edns: Edns | undefined): string {
  if (edns === undefined) return ''
  const { udpPayloadSize, version, dnssecOk, z, options } = edns
  const key = `${udpPayloadSize},${version},${dnssecOk ? 1 : 0},${z}`
  if (options.length === 0) return key
  const texts = options.map(({ code, octets }) => `${code}=${Buffer.from(octets).toString('hex')}`)
  return [key, ...texts].join(',')
}
