// Identical questions under way at the same time go to the upstream once (CVE-2023-30464: several at a time multiply the
// chances of a forged response).
import type { Edns } from '../../dns/message.ts'
import type { Request } from '../../server/index.ts'

/** One question under way. */
export interface Flight<T> {
  readonly result: Promise<T>
  /** It shares what an identical query started. */
  readonly merged: boolean
  /** Undefined for what nothing can be merged with. */
  readonly key: string | undefined
}

/**
 * HINFO questions are what servers look for loops with (`loop` here and in CoreDNS, on this or another server of the way):
 * a loop shows only when the question comes round again, and a merged one would wait for itself instead. So many identical
 * ones go out; the bound is what ends a loop that nobody looks for.
 */
const MAX_ROUNDS = 8

/** What is under way, by everything in a query that may change the response. */
export class Flights<T> {
  readonly #underWay = new Map<string, Promise<T>>()

  /** Calls `start`, or waits for what an identical query started. */
  join(request: Request, start: () => Promise<T>): Flight<T> {
    const question = flightKey(request)
    const key = request.type === 'HINFO' && question !== undefined ? this.#roundOf(question) : question
    if (key === undefined) return { result: start(), merged: false, key }
    const running = this.#underWay.get(key)
    if (running !== undefined) return { result: running, merged: true, key }
    const result = start()
    this.#underWay.set(key, result)
    return { result, merged: false, key }
  }

  /** Whoever started the flight says that it is over. */
  end({ key, merged }: Flight<T>): void {
    if (key !== undefined && !merged) this.#underWay.delete(key)
  }

  /** The first round that is not under way, or the last one. */
  #roundOf(question: string): string {
    let round = 1
    while (round < MAX_ROUNDS && this.#underWay.has(`${question} ${round}`)) round += 1
    return `${question} ${round}`
  }
}

/** Undefined for what is never merged: anything but a plain query without records of its own. */
function flightKey(request: Request): string | undefined {
  const { message, name, type, transport } = request
  if (message.opcode !== 'QUERY' || type === 'AXFR' || type === 'IXFR') return undefined
  if (message.answer.length + message.authority.length + message.additional.length > 0) return undefined
  const { rd, ad, cd, z } = message.flags
  const flags = (rd ? 1 : 0) + (ad ? 2 : 0) + (cd ? 4 : 0) + (z ? 8 : 0)
  return `${name} ${type} ${request.class} ${transport === 'udp' ? 'udp' : 'tcp'} ${flags} ${ednsKey(message.edns)}`
}

function ednsKey(edns: Edns | undefined): string {
  if (edns === undefined) return ''
  const { udpPayloadSize, version, dnssecOk, z, options } = edns
  const texts = options.map(({ code, octets }) => `${code}=${Buffer.from(octets).toString('hex')}`)
  return [udpPayloadSize, version, dnssecOk ? 1 : 0, z, ...texts].join(',')
}
