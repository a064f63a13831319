import { createSocket } from 'node:dgram'
import { once } from 'node:events'
import { afterEach, describe, expect, it } from 'vitest'
import { startScriptedServer } from '../../test/support/scripted-server.ts'
import type { Reaction, ScriptedQuery, ScriptedServer } from '../../test/support/scripted-server.ts'
import { decodeMessage, encodeMessage, parseRecord, query, response } from '../dns/index.ts'
import type { Message } from '../dns/index.ts'
import { exchange } from './exchange.ts'
import type { ExchangeResult, Transport } from './exchange-result.ts'

const servers: ScriptedServer[] = []
const TRANSPORTS: readonly Transport[] = ['udp', 'tcp']

afterEach(async () => {
  for (const server of servers.splice(0)) await server.close()
})

/** Asks a server that reacts as told; resolves to the result and the server. */
async function ask(
  transport: Transport,
  script: (query: ScriptedQuery) => readonly Reaction[],
  options: { readonly address?: string; readonly timeoutMs?: number } = {},
): Promise<{ result: ExchangeResult; server: ScriptedServer }> {
  const server = await startScriptedServer(script, options.address)
  servers.push(server)
  const message = query({ name: 'example.org' })
  const result = await exchange({ server, message, transport, timeoutMs: options.timeoutMs ?? 5000 })
  return { result, server }
}

const ANSWER = parseRecord('example.org. 5 IN A 192.0.2.1')

function answerTo(asked: ScriptedQuery): Reaction {
  return { kind: 'send', message: response(asked.message, { answer: [ANSWER] }) }
}

describe.each(TRANSPORTS)('exchange() over %s', (transport) => {
  it('gives the response, decoded and as octets', async () => {
    const { result, server } = await ask(transport, (asked) => [answerTo(asked)])
    expect(result).toMatchObject({ kind: 'response', transport, stray: [], message: { answer: [ANSWER] } })
    expect(server.queries.map((asked) => asked.message.question[0]?.name)).toEqual(['example.org.'])
  })

  it('speaks IPv6', async () => {
    const { result } = await ask(transport, (asked) => [answerTo(asked)], { address: '::1' })
    expect(result).toMatchObject({ kind: 'response', message: { answer: [ANSWER] } })
  })

  it('draws another id for each query', async () => {
    const server = await startScriptedServer((asked) => [answerTo(asked)])
    servers.push(server)
    for (let count = 0; count < 8; count += 1) {
      await exchange({ server, message: query({ name: 'example.org' }), transport, timeoutMs: 5000 })
    }
    expect(new Set(server.queries.map((asked) => asked.message.id)).size).toBeGreaterThan(4)
  })

  it('keeps waiting after stray messages and lists each with its reason', async () => {
    const { result } = await ask(transport, (asked) => [
      { kind: 'send', message: response({ ...asked.message, id: (asked.message.id + 1) % 65_536 }) },
      {
        kind: 'send',
        message: response(asked.message, { question: [{ name: 'example.net.', type: 'A', class: 'IN' }] }),
      },
      { kind: 'send', message: response(asked.message, { question: [] }) },
      { kind: 'send', message: asked.message },
      { kind: 'send-octets', octets: Uint8Array.of(1, 2, 3) },
      { kind: 'send-octets', octets: encodeMessage(response(asked.message, { answer: [ANSWER] })).slice(0, -1) },
      answerTo(asked),
    ])
    expect(result.kind === 'response' && result.stray.map(({ why }) => why)).toEqual([
      'other-id',
      'other-question',
      'other-question',
      'not-a-response',
      'malformed',
      'malformed',
    ])
  })

  it('accepts another case in the question, and none in a refusal', async () => {
    const shouting = [{ name: 'EXAMPLE.ORG.', type: 'A', class: 'IN' }]
    const upper = await ask(transport, (asked) => [
      { kind: 'send', message: response(asked.message, { question: shouting }) },
    ])
    expect(upper.result.kind).toBe('response')
    const refusal = { question: [], rcode: 'REFUSED' } as const
    const refused = await ask(transport, (asked) => [{ kind: 'send', message: response(asked.message, refusal) }])
    expect(refused.result).toMatchObject({ kind: 'response', message: { rcode: 'REFUSED' } })
  })

  it('times out when nothing fits, and tells what came', async () => {
    const { result } = await ask(
      transport,
      (asked) => [{ kind: 'send', message: response({ ...asked.message, id: asked.message.id ^ 1 }) }],
      { timeoutMs: 200 },
    )
    expect(result).toMatchObject({ kind: 'timeout', transport, stray: [{ why: 'other-id' }] })
    expect('connected' in result).toBe(transport === 'tcp')
  })

  it('lists only the first strays of a flood', async () => {
    const { result } = await ask(transport, (asked) => [
      ...Array.from({ length: 100 }, (): Reaction => ({ kind: 'send', message: asked.message })),
      answerTo(asked),
    ])
    expect(result.kind === 'response' && result.stray.length).toBe(16)
  })

  it('says refused when nobody listens', async () => {
    const free = createSocket('udp4')
    free.bind(0, '127.0.0.1')
    await once(free, 'listening')
    const { port } = free.address()
    free.close()
    await once(free, 'close')
    const server = { address: '127.0.0.1', port }
    const result = await exchange({ server, message: query({ name: 'example.org' }), transport, timeoutMs: 5000 })
    expect(result).toMatchObject({ kind: 'refused', transport, detail: 'connection refused' })
  })

  it('says unreachable when the system knows no way', async () => {
    // A source that is not this machine's own fails before anything is sent.
    const server = { address: '127.0.0.1', port: 53 }
    const source = { address: '192.0.2.1' }
    const message = query({ name: 'example.org' })
    const result = await exchange({ server, message, transport, timeoutMs: 5000, source })
    expect(result).toMatchObject({ kind: 'unreachable', detail: 'cannot assign requested address' })
  })

  it('answers many exchanges at once', async () => {
    const server = await startScriptedServer((asked) => [answerTo(asked)])
    servers.push(server)
    const exchanges = Array.from({ length: 50 }, () =>
      exchange({ server, message: query({ name: 'example.org' }), transport, timeoutMs: 10_000 }),
    )
    const results = await Promise.all(exchanges)
    expect(results.filter(({ kind }) => kind === 'response')).toHaveLength(50)
  })
})

describe('exchange() over udp alone', () => {
  it('shows what other addresses send and does not take it for the response', async () => {
    const { result } = await ask('udp', (asked) => [
      { kind: 'send-from-elsewhere', octets: encodeMessage(response(asked.message, { rcode: 'NXDOMAIN' })) },
      answerTo(asked),
    ])
    expect(result).toMatchObject({ kind: 'response', message: { rcode: 'NOERROR' }, stray: [{ why: 'other-address' }] })
    expect(result.kind === 'response' && result.stray[0]?.from.port).not.toBe(servers[0]?.port)
  })

  it('sends each query from another port', async () => {
    const seen = new Set<number>()
    const listener = createSocket('udp4')
    listener.bind(0, '127.0.0.1')
    await once(listener, 'listening')
    listener.on('message', (_octets, { port }) => seen.add(port))
    const server = { address: '127.0.0.1', port: listener.address().port }
    const message = query({ name: 'example.org' })
    for (let count = 0; count < 6; count += 1) await exchange({ server, message, transport: 'udp', timeoutMs: 20 })
    listener.close()
    expect(seen.size).toBeGreaterThan(3)
  })
})

describe('exchange() with a companion', () => {
  const askBoth = async (doAnswer: (type: string) => boolean, timeoutMs = 5000): Promise<ExchangeResult> => {
    const server = await startScriptedServer((asked) => {
      const isAnswered = doAnswer(asked.message.question[0]?.type ?? '')
      return isAnswered ? [{ kind: 'send', message: response(asked.message) }] : []
    })
    servers.push(server)
    const message = query({ name: 'example.org', type: 'AAAA' })
    const companion = query({ name: 'example.org' })
    return exchange({ server, message, companion, transport: 'udp', timeoutMs })
  }

  it('asks both from one port, and gives the response to the message when both came', async () => {
    const seen: { readonly type?: string | undefined; readonly id: number; readonly port: number }[] = []
    const listener = createSocket('udp4')
    listener.bind(0, '127.0.0.1')
    await once(listener, 'listening')
    listener.on('message', (octets, { port, address }) => {
      const message = decodeMessage(octets)
      seen.push({ type: message.question[0]?.type, id: message.id, port })
      // The companion's response comes first.
      const all = [{ message, port, address }, ...held.splice(0)]
      if (message.question[0]?.type === 'AAAA') held.push(...all)
      else for (const one of all) listener.send(encodeMessage(response(one.message)), one.port, one.address)
    })
    const held: { readonly message: Message; readonly port: number; readonly address: string }[] = []
    const server = { address: '127.0.0.1', port: listener.address().port }
    const message = query({ name: 'example.org', type: 'AAAA' })
    const companion = query({ name: 'example.org' })
    const result = await exchange({ server, message, companion, transport: 'udp', timeoutMs: 5000 })
    listener.close()
    expect(result).toMatchObject({ kind: 'response', stray: [], message: { question: [{ type: 'AAAA' }] } })
    expect(seen.map(({ type }) => type)).toEqual(['AAAA', 'A'])
    expect(new Set(seen.map(({ port }) => port)).size).toBe(1)
  })

  it.each([
    { answered: 'one', types: ['A'] },
    { answered: 'one', types: ['AAAA'] },
    { answered: 'none', types: [] },
  ])('tells a time-out with $types answered as $answered', async ({ answered, types }) => {
    const result = await askBoth((type) => (types as readonly string[]).includes(type), 200)
    expect(result).toMatchObject({ kind: 'timeout', answered, stray: [] })
  })
})

describe('exchange() over tcp alone', () => {
  const framed = (asked: ScriptedQuery): Uint8Array => {
    const octets = encodeMessage(response(asked.message, { answer: [ANSWER] }))
    return Uint8Array.of(octets.length >>> 8, octets.length & 0xff, ...octets)
  }

  it('puts a response together that comes in pieces', async () => {
    const { result } = await ask('tcp', (asked) =>
      [...framed(asked)].map((octet): Reaction => ({ kind: 'write', octets: Uint8Array.of(octet) })),
    )
    expect(result).toMatchObject({ kind: 'response', message: { answer: [ANSWER] } })
  })

  it('takes an empty message for a stray one', async () => {
    const { result } = await ask('tcp', (asked) => [{ kind: 'write', octets: Uint8Array.of(0, 0) }, answerTo(asked)])
    expect(result).toMatchObject({ kind: 'response', stray: [{ why: 'malformed' }] })
  })

  it.each<{ title: string; reactions: (asked: ScriptedQuery) => Reaction[]; detail: string }>([
    { title: 'at once', reactions: () => [{ kind: 'close' }], detail: 'end of file' },
    {
      title: 'in the middle of the response',
      reactions: (asked) => [{ kind: 'write', octets: framed(asked).slice(0, 10) }, { kind: 'close' }],
      detail: 'end of file after 10 octets of an unfinished message',
    },
    { title: 'with a reset', reactions: () => [{ kind: 'reset' }], detail: 'connection reset' },
  ])('says closed when the server closes $title', async ({ reactions, detail }) => {
    const { result } = await ask('tcp', reactions)
    expect(result).toMatchObject({ kind: 'closed', detail })
  })

  it.each([
    { title: 'stood still', standstillMs: 1300, kind: 'response', queries: 2 },
    { title: 'was awake', standstillMs: 0, kind: 'closed', queries: 1 },
  ])('asks $queries times when the connection is closed while this thread $title', async (one) => {
    let asked = 0
    const { result, server } = await ask('tcp', (query) => {
      asked += 1
      if (asked > 1) return [answerTo(query)]
      const until = performance.now() + one.standstillMs
      while (performance.now() < until);
      return [{ kind: 'close' }]
    })
    expect(result.kind).toBe(one.kind)
    expect(server.queries.length).toBe(one.queries)
  })
})
