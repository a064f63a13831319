// The race of two datagrams from one socket to be tracked, lost on purpose: both are held where their ways are chosen and the kernel
// has not entered them into its table yet, and are let go one behind the other. Only two that go to different replicas collide.
//
// Kernels from 5.6 on find a way out: they enter the second flow by its reply alone. An entry that has that reply already keeps them
// from it, so that they lose the datagram as older kernels do, and count it as they do (insert_failed).
import type { Libc } from '../../../sys/index.ts'
import { OccupiedReplies } from './occupied-reply.ts'
import type { DatagramEnds } from './occupied-reply.ts'
import { PacketQueue } from './packet-queue.ts'
import type { QueuedPacket } from './packet-queue.ts'

/** How often it is looked whether packets came, in milliseconds. */
const LOOK_MS = 10
/** How long one waits for another, in milliseconds: resolvers send both within microseconds. */
const HOLD_MS = 50

interface Held {
  readonly packet: QueuedPacket
  readonly ends: DatagramEnds
  readonly since: number
}

/**
 * Holds what comes into a packet queue of the calling thread's namespace, which should be IPv4 and UDP, untranslated at the source.
 *
 * @returns ends it; what is held then goes on
 * @throws {SystemCallError} `EINVAL` from kernels without packet queues
 */
export function collideQueries(libc: Libc, queue: number): () => void {
  const packets = new PacketQueue(libc, queue)
  let replies: OccupiedReplies
  try {
    replies = new OccupiedReplies(libc)
  } catch (error) {
    packets.close()
    throw error
  }
  const waiting = new Map<string, Held>()
  const turn = (): void => {
    const now = performance.now()
    for (const packet of packets.take()) {
      const ends = readEnds(packet.octets)
      if (ends === undefined) {
        packets.release(packet)
        continue
      }
      const sender = Buffer.concat([ends.source, ends.sourcePort]).toString('hex')
      const first = waiting.get(sender)
      if (first === undefined) waiting.set(sender, { packet, ends, since: now })
      else {
        waiting.delete(sender)
        releaseBoth(first, { packet, ends })
      }
    }
    for (const [sender, { packet, since }] of waiting) {
      if (now - since < HOLD_MS) continue
      waiting.delete(sender)
      packets.release(packet)
    }
  }
  const releaseBoth = (first: Pick<Held, 'ends' | 'packet'>, second: Pick<Held, 'ends' | 'packet'>): void => {
    const doCollide = Buffer.compare(first.ends.destination, second.ends.destination) !== 0
    const isOccupied = doCollide && replies.add(second.ends)
    packets.release(first.packet)
    packets.release(second.packet)
    if (isOccupied) replies.remove(second.ends)
  }
  const timer = setInterval(turn, LOOK_MS)
  return () => {
    clearInterval(timer)
    for (const { packet } of waiting.values()) packets.release(packet)
    packets.close()
    replies.close()
  }
}

/** Undefined for what is no UDP over IPv4. */
function readEnds(octets: Uint8Array): DatagramEnds | undefined {
  const [first = 0] = octets
  const start = (first & 0xf) * 4
  if (first >> 4 !== 4 || octets[9] !== 17 || octets.length < start + 4) return undefined
  return {
    source: octets.subarray(12, 16),
    destination: octets.subarray(16, 20),
    sourcePort: octets.subarray(start, start + 2),
    destinationPort: octets.subarray(start + 2, start + 4),
  }
}
