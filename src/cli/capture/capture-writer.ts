// The packets of a live capture as a file, or on standard output for another program to read meanwhile.
import { closeSync, openSync, writeSync } from 'node:fs'
import { describeError } from '../../base/index.ts'
import { CaptureError, encodeFileEnd, encodeFileHeader, encodeRecord } from '../../capture/index.ts'
import type { CaptureEnd, FrameSink, WrittenFormat } from '../../capture/index.ts'

const WRITE_BYTES = 1 << 20
/** Who reads along sees a packet this late at most. */
const FLUSH_MS = 200
/** Pause before a pipe that is full is tried again. */
const RETRY_MS = 5

/** Takes frames until it is closed. */
export interface CaptureWriter {
  readonly format: WrittenFormat
  readonly sink: FrameSink
  /** @throws {CaptureError} `cannot-write` */
  close(end: CaptureEnd): void
}

/**
 * Opens the file, `-` for standard output, and writes its header.
 *
 * @param format default: by the file's name
 * @param onEnd nothing more can be written: `close` says why, and nothing when the reader of standard output has ended
 * @throws {CaptureError} `cannot-write`
 */
export function openCaptureWriter(path: string, format: WrittenFormat | undefined, onEnd: () => void): CaptureWriter {
  const chosen = format ?? (path.endsWith('.pcapng') ? 'pcapng' : 'pcap')
  const fd = path === '-' ? 1 : guarded(path, () => openSync(path, 'w'))
  let parts: Uint8Array[] = []
  let size = 0
  let hasEnded = false
  let failure: unknown
  const add = (part: Uint8Array): void => {
    if (hasEnded) return
    parts.push(part)
    size += part.length
  }
  const flush = (): void => {
    const octets = Buffer.concat(parts)
    parts = []
    size = 0
    try {
      if (hasEnded || guarded(path, () => writeAll(fd, octets))) return
    } catch (error) {
      failure = error
    }
    hasEnded = true
    onEnd()
  }
  add(encodeFileHeader(chosen))
  flush()
  const timer = setInterval(() => {
    if (size > 0) flush()
  }, FLUSH_MS)
  return {
    format: chosen,
    sink(frame) {
      add(encodeRecord(chosen, frame))
      if (size >= WRITE_BYTES) flush()
    },
    close(end) {
      clearInterval(timer)
      add(encodeFileEnd(chosen, end))
      flush()
      if (fd !== 1) closeSync(fd)
      if (failure !== undefined) throw failure
    },
  }
}

function guarded<Result>(path: string, write: () => Result): Result {
  try {
    return write()
  } catch (error) {
    throw new CaptureError('cannot-write', 0, `Cannot write ${path}: ${describeError(error)}`, { cause: error })
  }
}

/** A pipe takes what it has room for, or nothing. @returns whether anybody reads */
function writeAll(fd: number, octets: Uint8Array): boolean {
  for (let from = 0; from < octets.length;) {
    try {
      from += writeSync(fd, octets, from)
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException
      if (code === 'EPIPE') return false
      if (code !== 'EAGAIN') throw error
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, RETRY_MS)
    }
  }
  return true
}
