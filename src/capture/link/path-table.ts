// Places where packets are seen, as small numbers: an interface, a direction, and the tunnel around the packet. Hot path.

export interface Path {
  /** ifindex of SLL2, the interface's number in pcapng, else 0. */
  readonly interfaceIndex: number
  /** Whether the number is the capturing machine's ifindex. */
  readonly isIfindex: boolean
  /** 0 unknown, 1 received, 2 sent. */
  readonly direction: number
  /** Number of the tunnel; 0 outside. */
  readonly tunnel: number
}

/** Places beyond this share one number. */
const MAX_PATHS = 65_536

/** Numbers places from 0. */
export class PathTable {
  readonly #ids = new Map<number, number>()
  readonly #paths: Path[] = []
  #lastKey = -1
  #lastId = 0

  /** @param at interface times 4 plus direction; interfaces from 0x10000 on are ifindexes */
  idOf(at: number, tunnel: number): number {
    const key = at * 131_072 + tunnel
    if (key === this.#lastKey) return this.#lastId
    let id = this.#ids.get(key)
    if (id === undefined) {
      if (this.#paths.length >= MAX_PATHS) return MAX_PATHS - 1
      id = this.#paths.length
      this.#ids.set(key, id)
      const index = Math.trunc(at / 4)
      const isIfindex = index >= 0x10000
      this.#paths.push({ interfaceIndex: isIfindex ? index - 0x10000 : index, isIfindex, direction: at % 4, tunnel })
    }
    this.#lastKey = key
    this.#lastId = id
    return id
  }

  get(id: number): Path | undefined {
    return this.#paths[id]
  }

  get size(): number {
    return this.#paths.length
  }
}
