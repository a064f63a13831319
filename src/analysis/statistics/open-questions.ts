// Questions whose first transaction went wrong: what the client asks next for them is a consequence. Hot path: nearly all questions
// are not among them, which a small table of counters tells without a look at the map.
import type { AddressId } from '../../capture/index.ts'
import type { NameId } from '../messages/name-table.ts'
import type { Incident } from './pair.ts'

const MAX_QUESTIONS = 4096
/** A power of two. */
const COUNTERS = 1 << 16
/** A counter that got so far stays: it only says that its questions may be open. */
const MAX_COUNT = 255

/** Unanswered or truncated questions by client, name and type; the oldest is forgotten when there are too many. */
export class OpenQuestions {
  readonly #incidents = new Map<number, Incident>()
  readonly #counters: Uint8Array = new Uint8Array(COUNTERS)

  /** Whether a question may be open; false is certain. */
  mayHave(client: AddressId, name: NameId, type: number): boolean {
    return this.#counters[counterOf(client, name, type)] !== 0
  }

  get(client: AddressId, name: NameId, type: number): Incident | undefined {
    return this.#incidents.get(keyOf(client, name, type))
  }

  /** Opens the question of an incident, if it is not open yet. */
  add(incident: Incident): void {
    const { client, name, type } = incident.transaction
    const key = keyOf(client, name, type)
    if (this.#incidents.has(key)) return
    this.#incidents.set(key, incident)
    this.#count(client, name, type, 1)
    if (this.#incidents.size <= MAX_QUESTIONS) return
    for (const oldest of this.#incidents.values()) {
      this.delete(oldest)
      return
    }
  }

  delete({ transaction: { client, name, type } }: Incident): void {
    if (this.#incidents.delete(keyOf(client, name, type))) this.#count(client, name, type, -1)
  }

  clear(): void {
    this.#incidents.clear()
    this.#counters.fill(0)
  }

  // oxlint-disable-next-line max-params -- hot path
  #count(client: AddressId, name: NameId, type: number, change: number): void {
    const counter = counterOf(client, name, type)
    const count = this.#counters[counter] ?? 0
    if (count < MAX_COUNT) this.#counters[counter] = count + change
  }
}

/** 53 bits: 19 of the client, 18 of the name, 16 of the type. */
function keyOf(client: AddressId, name: NameId, type: number): number {
  return (client * 262_144 + name) * 65_536 + type
}

function counterOf(client: AddressId, name: NameId, type: number): number {
  const mixed = Math.imul(client, 0x9e3779b1) ^ Math.imul(name, 0x85ebca6b) ^ Math.imul(type, 0xc2b2ae35)
  return (mixed ^ (mixed >>> 15)) & (COUNTERS - 1)
}
