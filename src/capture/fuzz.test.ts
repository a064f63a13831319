// Whatever octets a capture holds: no crash, no hang, and what can be read is read.
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { inParts } from '../../test/support/captures.ts'
import { CaptureAnalysis, createReport } from '../analysis/index.ts'
import { PacketPrinter } from '../cli/pcap/packet-printer.ts'
import { encodeFileHeader, encodeRecord } from './file/write-capture.ts'
import { createFrame } from './frame.ts'
import { CaptureError, compileExpression, readCapture } from './index.ts'

async function analyze(octets: Uint8Array, size = 1 << 16): Promise<number> {
  const analysis = new CaptureAnalysis()
  let text = ''
  const printer = new PacketPrinter((line) => (text += line))
  try {
    const file = await readCapture(inParts(octets, size), (frame) => {
      analysis.frame(frame)
      printer.print(frame)
    })
    analysis.finish(file.endMicros)
    // oxlint-disable-next-line no-control-regex -- that is what must not get through
    expect(text).not.toMatch(/[\u0000-\u0009\u000B-\u001F\u007F]/)
    JSON.stringify(createReport(analysis, file))
    return file.frames
  } catch (error) {
    expect(error).toBeInstanceOf(CaptureError)
    return 0
  }
}

/** A frame of IPv4, UDP and a DNS query, of which some octets are then changed. */
const QUERY = Uint8Array.from(
  Buffer.from(
    '000000000001000000000002080045000039000100004011000' +
      '0' +
      '0a0000010a000002c0000035002500001234010000010000000000000765786d706c6531036f72670000010001',
    'hex',
  ),
)

function fileOf(frames: readonly Uint8Array[], linkType: number): Uint8Array {
  const header = encodeFileHeader('pcap')
  header.writeUInt32LE(linkType, 20)
  const frame = createFrame()
  const records = frames.map((octets, index) => {
    Object.assign(frame, {
      octets,
      start: 0,
      end: octets.length,
      wireBytes: octets.length,
      atMicros: 1e15 + index * 1000,
    })
    return encodeRecord('pcap', frame)
  })
  return Buffer.concat([header, ...records])
}

const linkTypes = fc.constantFrom(0, 1, 12, 101, 108, 113, 228, 229, 276, 147)

describe('readCapture() and CaptureAnalysis', () => {
  it('take any octets behind a magic number', async () => {
    const magics = fc.constantFrom('d4c3b2a1', 'a1b2c3d4', '4d3cb2a1', 'a1b23c4d', '0a0d0d0a', '1f8b0800', '34cdb2a1')
    await fc.assert(
      fc.asyncProperty(
        magics,
        fc.uint8Array({ maxLength: 400 }),
        fc.integer({ min: 1, max: 500 }),
        async (magic, octets, size) => {
          expect(await analyze(Buffer.concat([Buffer.from(magic, 'hex'), octets]), size)).toBeLessThan(400)
        },
      ),
      { numRuns: 120 },
    )
  })

  it('take frames of any octets, of every link type', async () => {
    await fc.assert(
      fc.asyncProperty(
        linkTypes,
        fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 8 }),
        async (linkType, frames) => {
          expect(await analyze(fileOf(frames, linkType))).toBe(frames.length)
        },
      ),
      { numRuns: 120 },
    )
  })

  it('take a real packet with any octets changed and any length', async () => {
    const changes = fc.array(fc.tuple(fc.nat(QUERY.length - 1), fc.nat(255)), { maxLength: 6 })
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.tuple(changes, fc.nat(QUERY.length)), { minLength: 1, maxLength: 10 }),
        async (cases) => {
          const frames = cases.map(([changed, length]) => {
            const octets = new Uint8Array(QUERY)
            for (const [at, value] of changed) octets[at] = value
            return octets.subarray(0, length === 0 ? octets.length : length)
          })
          expect(await analyze(fileOf(frames, 1), 7)).toBe(frames.length)
        },
      ),
      { numRuns: 120 },
    )
  })

  it('give the same whatever the chunks are', async () => {
    const frames = Array.from({ length: 20 }, () => QUERY)
    for (const size of [1, 2, 15, 16, 17, 71, 4096]) expect(await analyze(fileOf(frames, 1), size)).toBe(20)
  })

  it('tell a record that is longer than any frame, and keep what came before', async () => {
    const octets = Buffer.from(fileOf([QUERY, QUERY], 1))
    octets.writeUInt32LE(0xffffffff, 24 + 16 + QUERY.length + 8)
    const file = await readCapture(inParts(octets, 64), () => {})
    expect(file).toMatchObject({ frames: 1 })
    expect(file.cutShort).toContain('4294967295 octets')
  })
})

describe('compileExpression()', () => {
  it('takes any text or says why not', () => {
    const words = fc.constantFrom(
      'port',
      '53',
      'host',
      '10.0.0.1',
      '::1',
      'and',
      'or',
      'not',
      '(',
      ')',
      'udp',
      'vxlan',
      'dns',
      '\u001b',
    )
    fc.assert(
      fc.property(fc.array(words, { maxLength: 12 }), (text) => {
        try {
          expect(compileExpression(text.join(' ')).length % 8).toBe(0)
        } catch (error) {
          expect(error).toBeInstanceOf(CaptureError)
        }
      }),
    )
  })
})
