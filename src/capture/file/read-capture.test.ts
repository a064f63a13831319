import { gzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { QUERY, captureOf, frameOf, inParts } from '../../../test/support/captures.ts'
import { createFrame } from '../frame.ts'
import { readCapture } from './read-capture.ts'
import { encodeFileEnd, encodeFileHeader, encodeRecord } from './write-capture.ts'

const whole = captureOf([frameOf(QUERY, 1), frameOf(QUERY, 1)], 1)

async function read(octets: Uint8Array): Promise<{ frames: number; cutShort: string | undefined }> {
  const { frames, cutShort } = await readCapture(inParts(octets), () => {})
  return { frames, cutShort }
}

describe('readCapture()', () => {
  it.each([
    { octets: Buffer.alloc(0), says: 'it is empty' },
    { octets: whole.subarray(0, 3), says: 'it holds 3 octets, a capture has at least 24' },
    { octets: whole.subarray(0, 10), says: 'its header is cut short: it holds 10 octets, at least 24 are needed' },
    { octets: Buffer.from('hello, world'), says: 'it begins with 0x68656c6c, no pcap, pcapng or gzip file does' },
    { octets: gzipSync(whole).subarray(0, 11), says: 'behind its gzip header it holds 0 octets' },
    { octets: gzipSync('hello, world'), says: 'it begins with 0x68656c6c' },
  ])('says of what is no capture: $says', async ({ octets, says }) => {
    await expect(read(octets)).rejects.toThrow(says)
    await expect(read(octets)).rejects.toMatchObject({ code: 'not-a-capture' })
  })

  it('reads a file cut within a record up to there, and says where', async () => {
    expect(await read(whole)).toEqual({ frames: 2, cutShort: undefined })
    expect(await read(whole.subarray(0, -1))).toEqual({
      frames: 1,
      cutShort: expect.stringMatching(/^the last record has \d+ octets/),
    })
  })

  it('reads when a capture ended and what it lost, where the format keeps that', async () => {
    const octets = frameOf(QUERY, 276)
    const frame = { ...createFrame(), octets, end: octets.length, wireBytes: octets.length, atMicros: 1.7e15 }
    const end = { endMicros: 1.7e15 + 7e6, droppedFrames: 3 }
    const ended = (format: 'pcap' | 'pcapng'): Buffer =>
      Buffer.concat([encodeFileHeader(format), encodeRecord(format, frame), encodeFileEnd(format, end)])
    expect(await readCapture(inParts(ended('pcapng')), () => {})).toMatchObject({
      frames: 1,
      ...end,
      cutShort: undefined,
    })
    expect(await readCapture(inParts(ended('pcap')), () => {})).toMatchObject({
      frames: 1,
      endMicros: 0,
      droppedFrames: 0,
    })
  })

  it('does not believe a record that is longer than any', async () => {
    const lying = Buffer.from(whole)
    lying.writeUInt32LE(0xffffffff, 24 + 8)
    expect(await read(lying)).toEqual({ frames: 0, cutShort: expect.stringContaining('4294967295 octets follow') })
  })
})
