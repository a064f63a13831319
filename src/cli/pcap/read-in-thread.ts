// A capture read with two threads: one reads the file and scans its frames, this one pairs, counts and judges what the other has
// read. Records arrive in the order of the file, so that the result is the same as with one thread.
import { Worker } from 'node:worker_threads'
import { Batch, BatchReader } from '../../analysis/index.ts'
import type { CaptureAnalysis } from '../../analysis/index.ts'
import { CaptureError } from '../../capture/index.ts'
import type { CaptureFile } from '../../capture/index.ts'
import type { ScanJob, ScanNews } from './scan-thread.ts'

/** Enough that neither thread waits for the other because of a short delay. */
const BATCHES = 4
/** The thread makes hardly any objects: room for young ones would only be memory that is never used again. */
const RESOURCE_LIMITS = { maxYoungGenerationSizeMb: 3 }

/**
 * Reads a file into an analysis; does not finish the analysis.
 *
 * @param program what the other thread runs: scan-thread.ts, built
 * @throws {CaptureError} `cannot-read`, `not-a-capture`
 */
export function readInThread(program: URL, path: string, analysis: CaptureAnalysis): Promise<CaptureFile> {
  const batches = Array.from({ length: BATCHES }, () => new Batch())
  const done = new Int32Array(new SharedArrayBuffer(4))
  const reader = new BatchReader(analysis)
  const workerData: ScanJob = { path, batches: batches.map(({ memory }) => memory), done }
  return new Promise((resolve, reject) => {
    const worker = new Worker(program, { name: 'scan', workerData, resourceLimits: RESOURCE_LIMITS })
    const fail = (error: unknown): void => {
      reject(error)
      void worker.terminate()
    }
    worker.on('message', (news: ScanNews) => {
      try {
        if (news.kind === 'end') resolve(news.file)
        else if (news.kind === 'error') {
          const { code, byteOffset, message, cause } = news
          fail(new CaptureError(code, byteOffset, message, { cause }))
        } else {
          const batch = batches[news.index]
          if (batch !== undefined) reader.read(batch)
          Atomics.add(done, 0, 1)
          Atomics.notify(done, 0)
        }
      } catch (error) {
        fail(error)
      }
    })
    worker.on('error', fail)
    worker.on('exit', (code) => reject(new Error(`The thread that reads ${path} ended with ${code}`)))
  })
}
