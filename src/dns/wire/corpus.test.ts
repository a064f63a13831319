import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import { describe, expect, it } from 'vitest'
import { SHARED_MISSING, sharedPath } from '../../../test/support/shared.ts'
import { WireError, decodeMessage, encodeMessage, formatRecord } from '../index.ts'

const corpus = sharedPath('corpus/messages.base64.gz')

describe.skipIf(corpus === undefined)(
  `the corpus of messages${corpus === undefined ? ` (${SHARED_MISSING})` : ''}`,
  () => {
    const messages = corpus === undefined ? [] : gunzipSync(readFileSync(corpus)).toString().trim().split('\n')

    it('has every message decoded or refused by rule, and what is decoded survives encoding and formatting', () => {
      let decoded = 0
      const codes = new Set<string>()
      for (const line of messages) {
        const octets = new Uint8Array(Buffer.from(line, 'base64'))
        try {
          const message = decodeMessage(octets)
          decoded += 1
          expect(decodeMessage(encodeMessage(message))).toEqual(message)
          for (const record of [...message.answer, ...message.authority, ...message.additional]) formatRecord(record)
        } catch (error) {
          if (!(error instanceof WireError)) throw error
          codes.add(error.code)
        }
      }
      expect(messages.length).toBeGreaterThan(4000)
      expect(decoded).toBeGreaterThan(messages.length / 4)
      expect([...codes]).toEqual(
        expect.arrayContaining(['truncated', 'bad-label-type', 'bad-rdata', 'too-many-records']),
      )
    })
  },
)
