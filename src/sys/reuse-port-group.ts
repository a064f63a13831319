// Who of the sockets that share a TCP address (SO_REUSEPORT) gets the new connections. The kernel spreads them by a hash, unless a
// program in its classic packet filter language chooses: one that always names the same place in the group.
import type { Libc } from './libc.ts'
import { SOL_SOCKET } from './bound-socket.ts'

const SO_ATTACH_REUSEPORT_CBPF = 51
/** BPF_RET | BPF_K: the program's whole result is a constant. */
const RETURN_CONSTANT = 0x06
const INSTRUCTION_BYTES = 8
const PROGRAM_BYTES = 16

/**
 * Sends all new connections of a group to one of its sockets. A place that nobody has anymore leaves the choice to the hash again.
 *
 * @param fd any listening socket of the group
 * @param place 0 for the socket that began to listen first; one that is closed is replaced by the last
 * @returns whether the kernel took it (Linux 4.5)
 */
export function directConnections(libc: Libc, fd: number, place: number): boolean {
  // sock_filter: code u16 | jt u8 | jf u8 | k u32
  const filter = new Uint8Array(new ArrayBuffer(INSTRUCTION_BYTES))
  const instruction = new DataView(filter.buffer)
  instruction.setUint16(0, RETURN_CONSTANT, true)
  instruction.setUint32(4, place, true)
  // sock_fprog: len u16 | padding 6 | filter *
  const program = new Uint8Array(new ArrayBuffer(PROGRAM_BYTES))
  const header = new DataView(program.buffer)
  header.setUint16(0, 1, true)
  header.setBigUint64(8, libc.addressOf(filter), true)
  return libc.setsockopt(fd, SOL_SOCKET, SO_ATTACH_REUSEPORT_CBPF, program, PROGRAM_BYTES) === 0
}
