// Frames read by a scanner and taken from its batches: the same analysis as of the frames themselves.
import { readFileSync, readdirSync } from 'node:fs'
import { join } from 'node:path'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { LINK_TYPES, QUERY, captureOf, frameOf, inParts } from '../../../test/support/captures.ts'
import type { FrameLinkType } from '../../../test/support/captures.ts'
import { readCapture } from '../../capture/index.ts'
import type { FrameSink } from '../../capture/index.ts'
import { Batch, BatchReader, CaptureAnalysis, FrameScanner, createReport } from '../index.ts'
import type { CaptureReport } from '../index.ts'

const PATTERNS = join(import.meta.dirname, '../../../testdata/patterns')

type Feeding = (analysis: CaptureAnalysis) => { readonly sink: FrameSink; readonly end: () => void }

const directly: Feeding = (analysis) => ({ sink: (frame) => analysis.frame(frame), end: () => {} })

/** With one batch, as if the reader were always done at once. */
const scanned: Feeding = (analysis) => {
  const reader = new BatchReader(analysis)
  const batch = new Batch()
  const scanner = new FrameScanner({ take: () => batch, give: (full) => reader.read(full) })
  return { sink: (frame) => scanner.frame(frame), end: () => scanner.finish() }
}

async function reportOf(capture: Uint8Array, feed: Feeding): Promise<CaptureReport> {
  const analysis = new CaptureAnalysis()
  const { sink, end } = feed(analysis)
  const file = await readCapture(inParts(capture), sink)
  end()
  analysis.finish()
  return createReport(analysis, file)
}

const message = fc.record({
  client: fc.integer({ min: 1, max: 6 }),
  server: fc.integer({ min: 5, max: 8 }),
  port: fc.constantFrom(40_000, 40_001),
  id: fc.integer({ min: 1, max: 4 }),
  name: fc.constantFrom('example.org', 'EXAMPLE.org', 'example.org.svc.cluster.local', 'example.org.cluster.local'),
  type: fc.constantFrom(1, 28),
  isResponse: fc.boolean(),
  rcode: fc.constantFrom(0, 2, 3, 5),
  isV6: fc.boolean(),
})

/** An octet of one frame that is changed: lengths, flags and pointers that lie among them. */
const change = fc.record({
  frame: fc.nat(199),
  offset: fc.nat(120),
  octet: fc.nat(255),
})

function framesOf(
  messages: readonly Parameters<typeof frameOf>[0][],
  changes: readonly { readonly frame: number; readonly offset: number; readonly octet: number }[],
  linkType: FrameLinkType,
): Uint8Array[] {
  const frames = messages.map((one) => frameOf(one, linkType))
  for (const { frame, offset, octet } of changes) {
    const octets = frames[frame % frames.length]
    if (octets !== undefined && offset < octets.length) octets[offset] = octet
  }
  return frames
}

describe('FrameScanner', () => {
  it.each(LINK_TYPES)('gives the same report as the frames themselves, link type %i', async (linkType) => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(message, { minLength: 1, maxLength: 200 }),
        fc.array(change, { maxLength: 40 }),
        async (messages, changes) => {
          const capture = captureOf(framesOf(messages, changes, linkType), linkType)
          expect(await reportOf(capture, scanned)).toEqual(await reportOf(capture, directly))
        },
      ),
      { numRuns: 25 },
    )
  })

  it.each(readdirSync(PATTERNS))('gives the same report as the frames themselves, %s', async (name) => {
    const capture = readFileSync(join(PATTERNS, name))
    expect(await reportOf(capture, scanned)).toEqual(await reportOf(capture, directly))
  })

  it('fills batch after batch', async () => {
    const messages = Array.from({ length: 9000 }, (_, index) => ({
      client: 1 + ((index >> 1) % 2500),
      server: 9000,
      port: 40_000,
      id: (index >> 1) & 0xffff,
      name: `www${index >> 1}.example.org`,
      type: 1,
      isResponse: index % 2 === 1,
      rcode: 0,
      isV6: index % 7 === 0,
    }))
    const capture = captureOf(framesOf(messages, [], 1), 1)
    const report = await reportOf(capture, scanned)
    expect(report).toEqual(await reportOf(capture, directly))
    expect(report.file.frames).toBe(9000)
    expect(report.dns.queries).toBe(4500)
  })

  it('passes on whole what is no ordinary message', async () => {
    const other = Buffer.alloc(70_000, 1)
    const cut = frameOf(QUERY, 1).subarray(0, 60)
    const capture = captureOf([...Array.from({ length: 40 }, () => other), cut], 1)
    const report = await reportOf(capture, scanned)
    expect(report).toEqual(await reportOf(capture, directly))
    expect(report.file.frames).toBe(41)
  })
})
