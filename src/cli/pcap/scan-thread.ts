// The program of the thread that reads a capture ahead of the analysis (see read-in-thread.ts): file to frames to records, in batches
// that lie in shared memory and are used in turn.
import { isMainThread, parentPort, workerData } from 'node:worker_threads'
import { Batch, FrameScanner } from '../../analysis/index.ts'
import type { BatchExchange } from '../../analysis/index.ts'
import { CaptureError, readCapture } from '../../capture/index.ts'
import type { CaptureErrorCode, CaptureFile } from '../../capture/index.ts'
import { openFile } from './open-input.ts'

/** What the thread is started with. */
export interface ScanJob {
  readonly path: string
  readonly batches: readonly SharedArrayBuffer[]
  /** One word: batches that the other thread is done with, since the start. */
  readonly done: Int32Array
}

/** What the thread tells. */
export type ScanNews =
  | { readonly kind: 'batch'; readonly index: number }
  | { readonly kind: 'end'; readonly file: CaptureFile }
  | {
      readonly kind: 'error'
      readonly code: CaptureErrorCode
      readonly byteOffset: number
      readonly message: string
      readonly cause: unknown
    }

const port = parentPort
if (!isMainThread && port !== null) {
  const { path, batches, done } = workerData as ScanJob
  const tell = (news: ScanNews): void => port.postMessage(news)
  const scanner = new FrameScanner(exchangeOf(batches, done, tell))
  try {
    const file = await readCapture(openFile(path), (frame) => scanner.frame(frame))
    scanner.finish()
    tell({ kind: 'end', file })
  } catch (error) {
    if (!(error instanceof CaptureError)) throw error
    const { code, byteOffset, message, cause } = error
    tell({ kind: 'error', code, byteOffset, message, cause })
  }
}

function exchangeOf(
  memories: readonly SharedArrayBuffer[],
  done: Int32Array,
  tell: (news: ScanNews) => void,
): BatchExchange {
  const batches = memories.map((memory) => new Batch(memory))
  const [first] = batches
  if (first === undefined) throw new RangeError('A scan needs at least one batch, it was given 0')
  let given = 0
  return {
    take() {
      for (;;) {
        const finished = Atomics.load(done, 0)
        if (given - finished < batches.length) return batches[given % batches.length] ?? first
        Atomics.wait(done, 0, finished)
      }
    },
    give() {
      tell({ kind: 'batch', index: given % batches.length })
      given += 1
    },
  }
}
