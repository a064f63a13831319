// Octets that are passed on say what an encoding of the same message says.
import { describe, expect, it } from 'vitest'
import { decodeMessage, decodeResponse, encodeMessage, parseRecord, query, response } from '../dns/index.ts'
import type { Edns, Message, WireImage } from '../dns/index.ts'
import type { Outcome, Request } from './handler.ts'
import { maxResponseSize, renderOutcome } from './render.ts'

const COOKIE = { code: 10, octets: Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8) }
const EXTENDED_ERROR = { code: 15, octets: Uint8Array.of(0, 22, 110, 111) }
const EDNS: Edns = { udpPayloadSize: 1232, version: 0, dnssecOk: false, z: 0, options: [COOKIE] }

function requestOf(message: Message, transport: Request['transport'] = 'udp'): Request {
  const [question] = message.question
  if (question === undefined) throw new RangeError('no question')
  const peer = { address: '192.0.2.9', port: 4242 }
  return {
    message,
    question,
    name: question.name.toLowerCase(),
    type: question.type,
    class: question.class,
    client: peer,
    local: peer,
    transport,
    family: 1,
    server: 'dns://:53',
    zone: '.',
    sizeBytes: 40,
    maxSizeBytes: maxResponseSize(message, transport),
    receivedAt: 0,
    deadlineAt: undefined,
    depth: 0,
  }
}

const ASKED = { ...query({ name: 'www.example.org', type: 'A' }), id: 7 }

function received(count = 2, edns?: Edns): WireImage {
  const answer = Array.from({ length: count }, (_, n) => parseRecord(`www.example.org. 300 IN A 192.0.2.${n}`))
  const { image } = decodeResponse(encodeMessage({ ...response(ASKED, { answer }), edns, rcode: 'NXDOMAIN' }))
  if (image === undefined) throw new RangeError('no image')
  return image
}

function outcomeOf({ message, octets }: WireImage, changes: Partial<Message> = {}): Outcome {
  const changed = { ...message, ...changes }
  return { kind: 'answer', by: 'forward', message: changed, image: { message: changed, octets } }
}

function withoutImage(outcome: Outcome): Outcome {
  return outcome.kind === 'answer' ? { ...outcome, image: undefined } : outcome
}

describe('renderOutcome() with an image', () => {
  it.each([
    ['for a plain client', ASKED, received()],
    ['for a client with EDNS', { ...ASKED, edns: EDNS }, received()],
    ['with extended errors', { ...ASKED, edns: EDNS }, received(2, { ...EDNS, options: [EXTENDED_ERROR] })],
    ['without the options that a client without EDNS cannot read', ASKED, received(2, EDNS)],
    ['cut to size', ASKED, received(40)],
    ['cut to what is left by the OPT record', { ...ASKED, edns: { ...EDNS, udpPayloadSize: 512 } }, received(29)],
    [
      'in the case that was asked in',
      { ...ASKED, question: query({ name: 'wWw.example.org', type: 'A' }).question },
      received(),
    ],
  ] satisfies [string, Message, WireImage][])('gives the same as without: %s', (_, asked, image) => {
    const request = requestOf(asked)
    const outcome = outcomeOf(image, { flags: { ...image.message.flags, aa: true, ad: true } })
    const octets = renderOutcome(request, outcome)
    const encoded = renderOutcome(request, withoutImage(outcome))
    expect(octets).toEqual(encoded)
    expect(decodeMessage(octets ?? new Uint8Array())).toMatchObject({
      id: 7,
      flags: { aa: true, ad: true },
      rcode: 'NXDOMAIN',
    })
  })

  it('takes no octets of another message', () => {
    const image = received()
    const message = { ...image.message, answer: [] }
    const octets = renderOutcome(requestOf(ASKED), { kind: 'answer', by: 'rewrite', message, image })
    expect(decodeMessage(octets ?? new Uint8Array()).answer).toEqual([])
  })

  it('gives each client octets of its own', () => {
    const outcome = outcomeOf(received())
    const first = renderOutcome(requestOf(ASKED), outcome)
    const second = renderOutcome(requestOf({ ...ASKED, id: 8 }), outcome)
    expect([first?.[1], second?.[1]]).toEqual([7, 8])
  })
})
