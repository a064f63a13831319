// A capture into an analysis: with a second thread when the file is large enough for one to be worth its start.
import { existsSync, statSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import type { CaptureAnalysis } from '../../analysis/index.ts'
import { readCapture } from '../../capture/index.ts'
import type { CaptureFile } from '../../capture/index.ts'
import type { Io } from '../command.ts'
import { openInput } from './open-input.ts'
import { readInThread } from './read-in-thread.ts'

/** About 0.1 s of work for one thread. */
const LARGE_BYTES = 16 << 20
/** What the second thread runs, beside the program that this is part of. */
const THREAD_PROGRAM = new URL('./scan-thread.js', import.meta.url)

/** Reads a file, or standard input for `-`. @throws {CaptureError} `cannot-read`, `not-a-capture` */
export function readInto(analysis: CaptureAnalysis, path: string, io: Io): Promise<CaptureFile> {
  if (isLargeFile(path) && availableParallelism() > 1 && existsSync(fileURLToPath(THREAD_PROGRAM)))
    return readInThread(THREAD_PROGRAM, path, analysis)
  return readCapture(openInput(path, io), (frame) => analysis.frame(frame))
}

function isLargeFile(path: string): boolean {
  const stats = path === '-' ? undefined : statSync(path, { throwIfNoEntry: false })
  return stats?.isFile() === true && stats.size >= LARGE_BYTES
}
