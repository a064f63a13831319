// A capture file of any known format as a stream of chunks: finds out what it is, and hands on its frames.
import { createGunzip, constants } from 'node:zlib'
import { Readable } from 'node:stream'
import { CaptureError } from '../error.ts'
import { createFrame } from '../frame.ts'
import type { Frame, FrameSink } from '../frame.ts'
import { uint32At } from './capture-parser.ts'
import type { CaptureFormat, CaptureInterface, CaptureParser } from './capture-parser.ts'
import { PcapParser, isPcapMagic } from './pcap-parser.ts'
import { PcapngParser, isPcapngMagic } from './pcapng-parser.ts'
import { UnitFeeder } from './unit-feeder.ts'

/** What is known of a file once it was read. */
export interface CaptureFile {
  readonly format: CaptureFormat
  readonly isGzip: boolean
  readonly interfaces: readonly CaptureInterface[]
  readonly frames: number
  /** Octets of the file; of a gzip file those before compression. */
  readonly bytes: number
  /** Frames that the capturing program said it lost. */
  readonly droppedFrames: number
  /** When the capture ended, which may be long after its last frame; 0 where the file does not say. */
  readonly endMicros: number
  /** Why it ends before its end: a record that is not whole, or a length that cannot be; undefined for a whole file. */
  readonly cutShort: string | undefined
}

/**
 * Reads a capture and hands every frame to a sink.
 *
 * @param chunks of any sizes; a chunk may be used again by its source once the next one is asked for
 * @throws {CaptureError} `not-a-capture`
 */
export async function readCapture(chunks: AsyncIterable<Uint8Array>, sink: FrameSink): Promise<CaptureFile> {
  const source = chunks[Symbol.asyncIterator]()
  const head = await readHead(source)
  const isGzip = head[0] === 0x1f && head[1] === 0x8b
  const frame = createFrame()
  if (!isGzip) return read(withHead(head, source), { frame, sink, isGzip })
  try {
    return await read(gunzip(withHead(head, source)), { frame, sink, isGzip })
  } catch (error) {
    // Damage behind the first octets is told with what was read; here there is nothing.
    if (!isZlibError(error)) throw error
    throw new CaptureError('not-a-capture', 0, `Cannot read capture: its gzip data is damaged from the start`, {
      cause: error,
    })
  }
}

function isZlibError(error: unknown): boolean {
  return error instanceof Error && ((error as NodeJS.ErrnoException).code ?? '').startsWith('Z_')
}

interface Reading {
  readonly frame: Frame
  readonly sink: FrameSink
  readonly isGzip: boolean
}

async function read(chunks: AsyncIterable<Uint8Array>, { frame, sink, isGzip }: Reading): Promise<CaptureFile> {
  const source = chunks[Symbol.asyncIterator]()
  const head = await readHead(source)
  if (head.length < 4) {
    const where = isGzip ? 'behind its gzip header ' : ''
    throw notACapture(
      head.length === 0 && !isGzip
        ? 'it is empty'
        : `${where}it holds ${head.length} octets, a capture has at least 24`,
    )
  }
  const parser = parserOf(head, frame, sink)
  const feeder = new UnitFeeder(parser)
  let bytes = 0
  let broken: string | undefined
  try {
    for await (const chunk of withHead(head, source)) {
      bytes += chunk.length
      feeder.push(chunk)
      if (parser.damage !== undefined) break
    }
  } catch (error) {
    if (!isZlibError(error)) throw error
    broken = `its compressed data ends or is damaged after ${bytes} octets`
  }
  if (parser.interfaces.length === 0 && bytes < 24)
    throw notACapture(`its header is cut short: it holds ${bytes} octets, at least 24 are needed`)
  const rest =
    feeder.leftOver > 0 ? `the last record has ${feeder.leftOver} octets, ${parser.needed} were expected` : undefined
  return {
    format: parser.format,
    isGzip,
    interfaces: parser.interfaces,
    frames: frame.number,
    bytes,
    droppedFrames: parser.droppedFrames,
    endMicros: parser.endMicros,
    cutShort: parser.damage ?? broken ?? rest,
  }
}

function parserOf(head: Uint8Array, frame: Frame, sink: FrameSink): CaptureParser {
  if (isPcapMagic(head)) return new PcapParser(frame, sink)
  if (isPcapngMagic(head)) return new PcapngParser(frame, sink)
  throw notACapture(
    `it begins with 0x${uint32At(head, 0, false).toString(16).padStart(8, '0')}, no pcap, pcapng or gzip file does`,
  )
}

function notACapture(what: string): CaptureError {
  return new CaptureError('not-a-capture', 0, `Cannot read capture: ${what}`)
}

/** The first octets, at least 4 where there are as many: a pipe may give one at a time. */
async function readHead(source: AsyncIterator<Uint8Array>): Promise<Uint8Array> {
  let head: Uint8Array = new Uint8Array(0)
  while (head.length < 4) {
    const { done, value } = await source.next()
    if (done === true) break
    head = head.length === 0 ? value : Buffer.concat([head, value])
  }
  return head
}

async function* withHead(head: Uint8Array, source: AsyncIterator<Uint8Array>): AsyncGenerator<Uint8Array> {
  if (head.length > 0) yield head
  for (;;) {
    const { done, value } = await source.next()
    if (done === true) return
    yield value
  }
}

/** What a file cut short holds is given before the error. */
function gunzip(chunks: AsyncIterable<Uint8Array>): AsyncIterable<Uint8Array> {
  const stream = createGunzip({ chunkSize: 1 << 18, finishFlush: constants.Z_SYNC_FLUSH })
  const input = Readable.from(copies(chunks), { objectMode: true })
  input.on('error', (error) => stream.destroy(error))
  return input.pipe(stream)
}

/** A stream holds chunks while their source goes on. */
async function* copies(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  for await (const chunk of chunks) yield new Uint8Array(chunk)
}
