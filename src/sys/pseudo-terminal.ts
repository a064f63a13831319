// A pseudo-terminal: the master end for this process, the slave end for the program that shall believe in a terminal.
import { constants, openSync } from 'node:fs'
import { ReadStream } from 'node:tty'
import type { Libc } from './libc.ts'
import { SystemCallError } from './system-call-error.ts'

/** ioctl requests of Linux on 64 bits (asm-generic/ioctls.h). */
const TIOCGPTN = 0x8004_5430
const TIOCSPTLCK = 0x4004_5431
const TIOCSWINSZ = 0x5414

export interface PseudoTerminal {
  /** To be given to the program as its standard streams, and closed here then. */
  readonly slaveFd: number
  /** What the program writes and reads. */
  readonly stream: ReadStream
  readonly resize: (columns: number, rows: number) => void
}

/** Opens one. @throws {SystemCallError} */
export function openPseudoTerminal(libc: Libc): PseudoTerminal {
  const flags = constants.O_RDWR | constants.O_NOCTTY
  const master = openSync('/dev/ptmx', flags)
  const control = (request: number, value: Uint8Array): void => {
    if (libc.ioctl(master, request, value) !== 0) throw new SystemCallError('ioctl', libc.errno())
  }
  control(TIOCSPTLCK, new Uint8Array(4))
  const number = Buffer.alloc(4)
  control(TIOCGPTN, number)
  const slaveFd = openSync(`/dev/pts/${number.readUInt32LE()}`, flags)
  const stream = new ReadStream(master)
  return {
    slaveFd,
    stream,
    resize(columns, rows) {
      const size = Buffer.alloc(8)
      size.writeUInt16LE(rows, 0)
      size.writeUInt16LE(columns, 2)
      if (!stream.destroyed) control(TIOCSWINSZ, size)
    },
  }
}
