// A live capture: frames of link type SLL2 from an AF_PACKET socket, in this network namespace or another one.
import { describeError } from '../../base/index.ts'
import { PacketSocket, inNetworkNamespace, isLibc, libc } from '../../sys/index.ts'
import type { CapturedPacket, Libc } from '../../sys/index.ts'
import { CaptureError } from '../error.ts'
import { createFrame } from '../frame.ts'
import type { Frame, FrameSink } from '../frame.ts'

const SLL2_HEADER = 20
const LINKTYPE_SLL2 = 276
const MAX_FRAME = SLL2_HEADER + 65_536
/** Batches without giving the event loop a turn. */
const BATCHES = 64
const IDLE_MS = 4

export interface LiveCaptureOptions {
  /** `any`, or an interface's name. */
  readonly interfaceName: string
  /** Classic BPF; empty: everything. */
  readonly filter: Uint8Array
  /** Path of a network namespace; undefined: the present one. */
  readonly netns: string | undefined
}

/** Takes frames until it is closed. */
export class LiveCapture {
  /** Packets that the kernel had no room for. */
  dropped = 0
  readonly #socket: PacketSocket
  readonly #frame: Frame = createFrame()
  readonly #octets = new Uint8Array(MAX_FRAME)
  #isClosed = false

  /** @throws {CaptureError} `cannot-capture`: no permission, no such interface or namespace, not Linux */
  constructor(options: LiveCaptureOptions) {
    const found = libc()
    if (!isLibc(found)) throw cannot(found.why)
    try {
      this.#socket = openSocket(found, options)
    } catch (error) {
      if (error instanceof CaptureError) throw error
      const code = (error as NodeJS.ErrnoException).code
      if (code === 'EPERM' || code === 'EACCES')
        throw cannot('not allowed; it needs CAP_NET_RAW, in another namespace CAP_SYS_ADMIN: run as root')
      throw cannot(describeError(error), error)
    }
    this.#frame.linkType = LINKTYPE_SLL2
    this.#frame.octets = this.#octets
  }

  /** Hands on frames until {@link close} is called. */
  async run(sink: FrameSink): Promise<void> {
    const take = (packet: CapturedPacket): void => {
      if (!this.#isClosed) sink(this.#fill(packet))
    }
    while (!this.#isClosed) {
      let count = 0
      for (let batch = 0; batch < BATCHES && !this.#isClosed; batch += 1) {
        const received = this.#socket.receive(take)
        count += received
        if (received === 0) break
      }
      this.dropped += this.#socket.takeDropped()
      await (count === 0 ? pause(IDLE_MS) : pause(0))
    }
    this.#socket.close()
  }

  close(): void {
    this.#isClosed = true
  }

  #fill(packet: CapturedPacket): Frame {
    const octets = this.#octets
    const frame = this.#frame
    const length = packet.end - packet.start
    octets[0] = packet.protocol >> 8
    octets[1] = packet.protocol & 0xff
    octets.fill(0, 2, SLL2_HEADER)
    octets[5] = (packet.interfaceIndex >> 16) & 0xff
    octets[6] = (packet.interfaceIndex >> 8) & 0xff
    octets[7] = packet.interfaceIndex & 0xff
    octets[8] = packet.hardwareType >> 8
    octets[9] = packet.hardwareType & 0xff
    octets[10] = packet.packetType
    octets[11] = 6
    octets.set(packet.names.subarray(packet.nameStart, packet.nameStart + 8), 12)
    octets.set(packet.octets.subarray(packet.start, packet.end), SLL2_HEADER)
    frame.number += 1
    frame.atMicros = packet.atMicros
    frame.start = 0
    frame.end = SLL2_HEADER + length
    frame.wireBytes = frame.end
    return frame
  }
}

function openSocket(library: Libc, { interfaceName, filter, netns }: LiveCaptureOptions): PacketSocket {
  const open = (): PacketSocket => {
    const interfaceIndex = interfaceName === 'any' ? 0 : library.if_nametoindex(interfaceName)
    if (interfaceIndex === 0 && interfaceName !== 'any') throw cannot(`there is no interface "${interfaceName}"`)
    return new PacketSocket(library, { interfaceIndex, filter })
  }
  return netns === undefined ? open() : inNetworkNamespace(library, netns, open)
}

function cannot(why: string, cause?: unknown): CaptureError {
  return new CaptureError('cannot-capture', 0, `Cannot capture: ${why}`, { cause })
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => (ms === 0 ? setImmediate(resolve) : setTimeout(resolve, ms)))
}
