// What strangers may send: each kind has its rule, and afterwards the server still answers.
import { createSocket } from 'node:dgram'
import type { Socket } from 'node:dgram'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { connect } from 'node:net'
import { gunzipSync } from 'node:zlib'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { rr } from '../../test/support/records.ts'
import { startRig } from '../../test/support/server-rig.ts'
import type { ServerRig } from '../../test/support/server-rig.ts'
import { SHARED_MISSING, sharedPath } from '../../test/support/shared.ts'
import { EDNS_OPTION, decodeHeader, decodeMessage, encodeMessage, query } from '../dns/index.ts'
import { frameMessage } from '../net/index.ts'
import { respond } from './index.ts'
import type { PluginRegistry } from './index.ts'

const PLUGINS: PluginRegistry = {
  whoami: async () => ({
    name: 'whoami',
    parse: () => undefined,
    create: () => ({
      handler: (request) =>
        respond(request, { by: 'whoami', answer: [rr(`${request.question.name} 5 IN A 192.0.2.1`)] }),
    }),
  }),
}

let rig: ServerRig
let socket: Socket

beforeAll(async () => {
  rig = await startRig('. {\n whoami\n}', { plugins: PLUGINS })
  socket = createSocket('udp4')
  const { address, port } = rig.endpoint()
  socket.connect(port, address)
  await once(socket, 'connect')
})

afterAll(async () => {
  socket.close()
  await rig.server.stop()
})

/** An ordinary query whose answer shows that everything before it has been dealt with: one socket, in order. */
const SENTINEL_ID = 0xbeef
const SENTINEL = encodeMessage({ ...query({ name: 'sentinel.example.org' }), id: SENTINEL_ID })

/** The responses to one datagram: none, or one. */
async function responsesTo(octets: Uint8Array): Promise<Buffer[]> {
  const received: Buffer[] = []
  return new Promise((resolve) => {
    const collect = (response: Buffer): void => {
      if (response.readUInt16BE(0) !== SENTINEL_ID) {
        received.push(response)
        return
      }
      socket.off('message', collect)
      resolve(received)
    }
    socket.on('message', collect)
    socket.send(octets)
    socket.send(SENTINEL)
  })
}

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

// --- testdata/wire/hostile.txt: each of its messages has a rule here ---

interface Rule {
  /** Undefined: silence. */
  readonly rcode: string | undefined
  /** The response is a bare header. */
  readonly bare?: boolean
  /** The OPT record of the response; absent: none. */
  readonly edns?: { readonly udpPayloadSize: number; readonly cookieOctets?: number }
}

const SILENCE: Rule = { rcode: undefined }
const FORMERR: Rule = { rcode: 'FORMERR', bare: true }
const NOTIMP: Rule = { rcode: 'NOTIMP', bare: true }
const REFUSED: Rule = { rcode: 'REFUSED' }
const ANSWER: Rule = { rcode: 'NOERROR' }
const cookie = (octets: number): Rule => ({ ...ANSWER, edns: { udpPayloadSize: 1232, cookieOctets: octets } })

const RULES: Readonly<Record<string, Rule>> = {
  'no octets': SILENCE,
  'one octet': SILENCE,
  'eleven octets': SILENCE,
  'a header alone, no question': FORMERR,
  'a question counted, none there': FORMERR,
  'two questions': FORMERR,
  '65535 of everything in a bare header': FORMERR,
  '65535 answers in a short message': FORMERR,
  'a name that points to itself': FORMERR,
  'a name that points behind itself': FORMERR,
  'a label that ends in a pointer to it': FORMERR,
  'two pointers in a circle': FORMERR,
  'a pointer into the header': FORMERR,
  'a name of 255 octets': ANSWER,
  'a name of 256 octets': FORMERR,
  'a name that a pointer makes 257 octets long': FORMERR,
  'label type 0x40': FORMERR,
  'label type 0x80': FORMERR,
  'a label of NUL, dots and 0xff': ANSWER,
  'QR set in a query': SILENCE,
  'opcode UPDATE': NOTIMP,
  'opcode NOTIFY': ANSWER,
  'opcode 15': NOTIMP,
  'type 65280': ANSWER,
  'type ANY': ANSWER,
  'type AXFR': ANSWER,
  'class CH': REFUSED,
  'class NONE': REFUSED,
  'class ANY': REFUSED,
  'octets after the message': ANSWER,
  // The last one counts: its size of 512, not the 1232 of the first.
  'two OPT records': { ...ANSWER, edns: { udpPayloadSize: 512 } },
  'an OPT record as answer': ANSWER,
  'an OPT record that is not at the root': ANSWER,
  'EDNS version 1': { rcode: 'BADVERS', edns: { udpPayloadSize: 1232 } },
  'a UDP payload size of 0': { ...ANSWER, edns: { udpPayloadSize: 512 } },
  'a UDP payload size of 65535': { ...ANSWER, edns: { udpPayloadSize: 65_535 } },
  // No server secret is behind them: they come back as they are, as from CoreDNS, whatever their length.
  'a cookie of 1 octet': cookie(1),
  'a cookie of 8 octets': cookie(8),
  'a cookie of 40 octets': cookie(40),
  'a cookie of 41 octets': cookie(41),
  'a client subnet of 1 octet': { ...ANSWER, edns: { udpPayloadSize: 1232 } },
  'a client subnet of family 3': { ...ANSWER, edns: { udpPayloadSize: 1232 } },
  'a client subnet with bits after its prefix': { ...ANSWER, edns: { udpPayloadSize: 1232 } },
  'an option that runs over its record': FORMERR,
  'an OPT record that runs over the message': FORMERR,
  'an additional record that is cut off': FORMERR,
  'a TSIG record that nobody can check': ANSWER,
  // They have QR set.
  'an A record of 3 octets': SILENCE,
  'a CNAME whose target leaves its RDATA': SILENCE,
  'a CNAME to itself': SILENCE,
  'a TTL with the top bit set': SILENCE,
}

const HOSTILE = readFileSync(new URL('../../testdata/wire/hostile.txt', import.meta.url), 'utf8')
  .trimEnd()
  .split('\n')
  .filter((line) => !line.startsWith('#'))
  .map((line) => line.split('\t'))
  .map(([title = '', octets = '']) => ({ title, octets: hex(octets.replace('-', '')), rule: RULES[title] }))

describe('a message of testdata/wire/hostile.txt', () => {
  it('has a rule, and each rule has a message', () => {
    expect(HOSTILE.map(({ title }) => title)).toEqual(Object.keys(RULES))
  })

  it.each(HOSTILE)('$title: $rule.rcode', async ({ octets, rule }) => {
    const [response] = await responsesTo(octets)
    if (rule?.rcode === undefined || response === undefined) {
      expect({ rcode: rule?.rcode, response }).toEqual({ rcode: undefined, response: undefined })
      return
    }
    if (rule.bare === true) {
      expect(response).toHaveLength(12)
      expect(decodeHeader(response)).toMatchObject({ id: 0x1234, rcode: rule.rcode, flags: { qr: true } })
      return
    }
    const { id, rcode, question, edns } = decodeMessage(response)
    expect({ id, rcode, questions: question.length }).toEqual({ id: 0x1234, rcode: rule.rcode, questions: 1 })
    expect(edns?.udpPayloadSize).toBe(rule.edns?.udpPayloadSize)
    const options = (edns?.options ?? []).map(({ code, octets: { length } }) => ({ code, length }))
    const { cookieOctets } = rule.edns ?? {}
    expect(options).toEqual(cookieOctets === undefined ? [] : [{ code: EDNS_OPTION.cookie, length: cookieOctets }])
  })
})

describe('an odd datagram', () => {
  const question = '03777777 076578616d706c65 036f7267 00 0001 0001'

  it.each<{ what: string; octets: string; rcode: string }>([
    { what: 'two answers', octets: `1234 0100 0001 0002 0000 0000 ${question}`, rcode: 'FORMERR' },
    { what: 'two authority records', octets: `1234 0100 0001 0000 0002 0000 ${question}`, rcode: 'FORMERR' },
    { what: 'three additional records', octets: `1234 0100 0001 0000 0000 0003 ${question}`, rcode: 'FORMERR' },
    { what: 'a question that is cut off', octets: '1234 0100 0001 0000 0000 0000 0377', rcode: 'FORMERR' },
    { what: 'opcode IQUERY', octets: `1234 0900 0001 0000 0000 0000 ${question}`, rcode: 'NOTIMP' },
    { what: 'opcode DSO', octets: '1234 3000 0000 0000 0000 0000', rcode: 'NOTIMP' },
  ])('$what gets $rcode and a bare header', async ({ octets, rcode }) => {
    const [response] = await responsesTo(hex(octets))
    expect(response).toHaveLength(12)
    expect(decodeHeader(response ?? new Uint8Array(0))).toMatchObject({ id: 0x1234, rcode, flags: { qr: true } })
  })
})

const corpus = sharedPath('corpus/messages.base64.gz')

describe('the corpus of odd messages', () => {
  it.skipIf(corpus === undefined)(
    `leaves the server alive${corpus === undefined ? ` (skipped: ${SHARED_MISSING})` : ''}`,
    async () => {
      const lines = gunzipSync(readFileSync(corpus ?? ''))
        .toString()
        .trim()
        .split('\n')
      const messages = lines.map((line) => Buffer.from(line, 'base64'))
      const fit = messages.filter(({ length }) => length <= 65_000)
      expect(fit.length).toBeGreaterThan(4000)
      for (const message of fit) {
        const responses = await responsesTo(message)
        expect(responses.length).toBeLessThanOrEqual(1)
      }
      expect(rig.server.metrics.render()).toContain('\ncoredns_panics_total 0\n')
    },
  )

  it.skipIf(corpus === undefined)(
    `leaves a TCP connection usable${corpus === undefined ? ` (skipped: ${SHARED_MISSING})` : ''}`,
    async () => {
      const lines = gunzipSync(readFileSync(corpus ?? ''))
        .toString()
        .trim()
        .split('\n')
      const { address, port } = rig.endpoint()
      const client = connect(port, address)
      let received = Buffer.alloc(0)
      const sentinelSeen = new Promise<void>((resolve) => {
        client.on('data', (octets: Buffer) => {
          received = Buffer.concat([received, octets])
          while (received.length >= 2 && received.length >= received.readUInt16BE(0) + 2) {
            if (received.readUInt16BE(2) === SENTINEL_ID) resolve()
            received = received.subarray(received.readUInt16BE(0) + 2)
          }
        })
      })
      await once(client, 'connect')
      for (const line of lines) client.write(frameMessage(Buffer.from(line, 'base64')))
      client.write(frameMessage(SENTINEL))
      await sentinelSeen
      client.destroy()
      expect((await rig.ask({ name: 'x' })).rcode).toBe('NOERROR')
    },
  )
})
