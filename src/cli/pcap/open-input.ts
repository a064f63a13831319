// The octets of a capture: a file, or standard input for `-`.
import { closeSync, openSync, readSync } from 'node:fs'
import { CaptureError } from '../../capture/index.ts'
import type { Io } from '../command.ts'
import { reasonOf } from '../unread-file.ts'

const CHUNK_BYTES = 1 << 18

/** Opens a capture. A chunk of a file is used again for the next one. @throws {CaptureError} `cannot-read` */
export function openInput(path: string, io: Io): AsyncIterable<Uint8Array> {
  return path === '-' ? (io.stdin as AsyncIterable<Buffer>) : openFile(path)
}

/** Opens a file. A chunk is used again for the next one. @throws {CaptureError} `cannot-read` */
export function openFile(path: string): AsyncIterable<Uint8Array> {
  try {
    return chunksOf(openSync(path, 'r'), path)
  } catch (error) {
    throw cannotRead(path, error)
  }
}

async function* chunksOf(fd: number, path: string): AsyncGenerator<Uint8Array> {
  const chunk = new Uint8Array(CHUNK_BYTES)
  try {
    for (;;) {
      const length = readSync(fd, chunk, 0, CHUNK_BYTES, null)
      if (length === 0) return
      yield length === CHUNK_BYTES ? chunk : chunk.subarray(0, length)
    }
  } catch (error) {
    throw cannotRead(path, error)
  } finally {
    closeSync(fd)
  }
}

function cannotRead(path: string, error: unknown): CaptureError {
  // Without the system's error as cause: the sentence says what it says.
  return new CaptureError('cannot-read', 0, `Cannot read ${path}: ${reasonOf(error)}`)
}
