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
import { decodeHeader, encodeMessage, query } from '../dns/index.ts'
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

const QNAME = '0377777707657861 6d706c65 036f7267 00'.replaceAll(' ', '')
const QUESTION = `${QNAME}00010001`
const OPT = (version: string): string => `000029100000${version}00000000`

function hex(text: string): Uint8Array {
  return new Uint8Array(Buffer.from(text.replaceAll(' ', ''), 'hex'))
}

describe('a hostile or odd datagram', () => {
  it.each<{ what: string; octets: string }>([
    { what: 'no octet at all', octets: '' },
    { what: 'one octet', octets: '12' },
    { what: 'eleven octets', octets: '1234 0100 0001 0000 0000 00' },
    { what: 'a response', octets: `1234 8180 0001 0000 0000 0000 ${QUESTION}` },
  ])('$what gets silence', async ({ octets }) => {
    expect(await responsesTo(hex(octets))).toEqual([])
  })

  it.each<{ what: string; octets: string; rcode: string }>([
    { what: 'no question', octets: '1234 0100 0000 0000 0000 0000', rcode: 'FORMERR' },
    { what: 'two questions', octets: `1234 0100 0002 0000 0000 0000 ${QUESTION} ${QUESTION}`, rcode: 'FORMERR' },
    { what: 'two answers', octets: `1234 0100 0001 0002 0000 0000 ${QUESTION}`, rcode: 'FORMERR' },
    { what: 'three additional records', octets: `1234 0100 0001 0000 0000 0003 ${QUESTION}`, rcode: 'FORMERR' },
    { what: 'a question that is cut off', octets: '1234 0100 0001 0000 0000 0000 0377', rcode: 'FORMERR' },
    { what: 'a pointer to itself', octets: '1234 0100 0001 0000 0000 0000 c00c 0001 0001', rcode: 'FORMERR' },
    { what: 'a pointer forwards', octets: '1234 0100 0001 0000 0000 0000 c00e c00c 0001 0001', rcode: 'FORMERR' },
    { what: 'label type 0x40', octets: '1234 0100 0001 0000 0000 0000 4100 0001 0001', rcode: 'FORMERR' },
    { what: 'label type 0x80', octets: '1234 0100 0001 0000 0000 0000 8100 0001 0001', rcode: 'FORMERR' },
    {
      what: 'a name of 256 octets',
      octets: `1234 0100 0001 0000 0000 0000 ${`3f${'61'.repeat(63)}`.repeat(3)}3e${'61'.repeat(62)}00 0001 0001`,
      rcode: 'FORMERR',
    },
    {
      what: 'an option that runs over its OPT record',
      octets: `1234 0100 0001 0000 0000 0001 ${QUESTION} 0000291000000000000004 000a00ff`,
      rcode: 'FORMERR',
    },
    { what: 'opcode IQUERY', octets: `1234 0900 0001 0000 0000 0000 ${QUESTION}`, rcode: 'NOTIMP' },
    { what: 'opcode UPDATE', octets: `1234 2800 0001 0000 0000 0000 ${QUESTION}`, rcode: 'NOTIMP' },
    { what: 'opcode DSO', octets: '1234 3000 0000 0000 0000 0000', rcode: 'NOTIMP' },
  ])('$what gets $rcode and a bare header', async ({ octets, rcode }) => {
    const [response] = await responsesTo(hex(octets))
    expect(response).toHaveLength(12)
    expect(decodeHeader(response ?? new Uint8Array(0))).toMatchObject({ id: 0x1234, rcode, flags: { qr: true } })
  })

  it.each<{ what: string; octets: string; rcode: string }>([
    { what: 'opcode NOTIFY', octets: `1234 2400 0001 0000 0000 0000 ${QUESTION}`, rcode: 'NOERROR' },
    {
      what: 'two OPT records',
      octets: `1234 0100 0001 0000 0000 0002 ${QUESTION} ${OPT('00')} ${OPT('00')}`,
      rcode: 'NOERROR',
    },
    { what: 'octets after the message', octets: `1234 0100 0001 0000 0000 0000 ${QUESTION} ffffff`, rcode: 'NOERROR' },
    {
      what: 'a malformed client subnet',
      octets: `1234 0100 0001 0000 0000 0001 ${QUESTION} 0000291000000000000005 00080001ff`,
      rcode: 'NOERROR',
    },
    {
      what: 'a cookie of one octet',
      octets: `1234 0100 0001 0000 0000 0001 ${QUESTION} 0000291000000000000005 000a000141`,
      rcode: 'NOERROR',
    },
    { what: 'TYPE65280', octets: `1234 0100 0001 0000 0000 0000 ${QNAME} ff00 0001`, rcode: 'NOERROR' },
    { what: 'type ANY', octets: `1234 0100 0001 0000 0000 0000 ${QNAME} 00ff 0001`, rcode: 'NOERROR' },
    { what: 'class ANY', octets: `1234 0100 0001 0000 0000 0000 ${QNAME} 0001 00ff`, rcode: 'REFUSED' },
    { what: 'class NONE', octets: `1234 0100 0001 0000 0000 0000 ${QNAME} 0001 00fe`, rcode: 'REFUSED' },
    { what: 'class CH', octets: `1234 0100 0001 0000 0000 0000 ${QNAME} 0010 0003`, rcode: 'REFUSED' },
  ])('$what gets $rcode', async ({ octets, rcode }) => {
    const [response] = await responsesTo(hex(octets))
    expect(decodeHeader(response ?? new Uint8Array(0))).toMatchObject({ id: 0x1234, rcode, questionCount: 1 })
  })

  it('a TSIG record in the additional section is not taken for a signature that was checked', async () => {
    const tsig = '00 00fa 00ff 00000000 000a 0000 0000 0000 0000 0000'
    const [response] = await responsesTo(hex(`1234 0100 0001 0000 0000 0001 ${QUESTION} ${tsig}`))
    expect(decodeHeader(response ?? new Uint8Array(0))).toMatchObject({ additionalCount: 0 })
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
