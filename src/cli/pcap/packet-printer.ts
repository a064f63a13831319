// `--packets`: a line for each packet in the layout of "tcpdump -nn".
import type { Frame } from '../../capture/index.ts'
import { printNetwork } from './print-packet.ts'
import type { PrintOptions } from './print-packet.ts'
import { formatTime } from './transaction-table.ts'

const DIRECTIONS: Readonly<Record<number, string>> = { 0: 'In ', 1: 'B  ', 2: 'M  ', 3: 'P  ', 4: 'Out' }

/** Prints frames one after another. */
export class PacketPrinter {
  readonly #write: (text: string) => void
  readonly #options: PrintOptions

  constructor(write: (text: string) => void, { ports = [] }: { readonly ports?: readonly number[] } = {}) {
    this.#write = write
    this.#options = { ports: new Set([53, 5353, ...ports]), relative: new Map() }
  }

  print(frame: Frame): void {
    this.#write(`${formatTime(frame.atMicros)} ${this.#body(frame)}\n`)
  }

  #body({ octets, start, end, linkType, wireBytes }: Frame): string {
    const size = end - start
    const view = { octets, end, isCut: wireBytes > size }
    switch (linkType) {
      case 1:
        if (size < 14) return '[|ether]'
        return printNetwork(view, {
          type: u16(octets, start + 12),
          at: start + 14,
          options: this.#options,
          link: wireBytes,
        })
      case 276: {
        if (size < 20) return '[|sll2]'
        const ifindex = u16(octets, start + 4) * 65_536 + u16(octets, start + 6)
        const heading = `${String(ifindex).padEnd(5)} ${DIRECTIONS[octets[start + 10] ?? 0] ?? '?  '} `
        return (
          heading +
          printNetwork(view, { type: u16(octets, start), at: start + 20, options: this.#options, link: wireBytes })
        )
      }
      case 113: {
        if (size < 16) return '[|sll]'
        const heading = `${DIRECTIONS[u16(octets, start)] ?? '?  '} `
        return (
          heading +
          printNetwork(view, { type: u16(octets, start + 14), at: start + 16, options: this.#options, link: wireBytes })
        )
      }
      case 0:
      case 108:
        return printNetwork(view, {
          type: rawType(octets[start + 4] ?? 0),
          at: start + 4,
          options: this.#options,
          link: wireBytes,
        })
      default:
        return printNetwork(view, {
          type: rawType(octets[start] ?? 0),
          at: start,
          options: this.#options,
          link: wireBytes,
        })
    }
  }
}

function rawType(first: number): number {
  return first >>> 4 === 6 ? 0x86dd : 0x0800
}

function u16(octets: Uint8Array, at: number): number {
  return ((octets[at] ?? 0) << 8) | (octets[at + 1] ?? 0)
}
