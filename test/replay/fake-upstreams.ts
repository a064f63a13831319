// Upstreams that do what a replay says, behind the same interface as real ones, judged by the same code.
import type { Clock, Timer } from '../../src/base/index.ts'
import { encodeMessage, equalNames, response, type Message } from '../../src/dns/index.ts'
import {
  UpstreamError,
  formatEndpoint,
  type ConnectUpstream,
  type UpstreamExchangeOptions,
  type UpstreamProtocol,
  type UpstreamResult,
  type UpstreamSettings,
} from '../../src/net/upstream/index.ts'
import { encodeQuery, judgeResponse } from '../../src/net/upstream/query-exchange.ts'
import { timeoutError } from '../../src/net/upstream/upstream-error.ts'
import type { Disturbance, Reaction } from './parse-replay.ts'

interface Asked {
  readonly name: string
  readonly type: string
  readonly transport: 'tcp' | 'udp'
}

export interface FakeUpstreams {
  readonly connect: ConnectUpstream
  /** Replaces what a server does. */
  script(server: string, reactions: readonly Reaction[]): void
  /** Queries that reached it, in order. */
  askedOf(server: string): readonly Asked[]
}

const LOCAL = { address: '10.0.0.1', port: 40_000 }

export function createFakeUpstreams(clock: Clock): FakeUpstreams {
  const scripts = new Map<string, readonly Reaction[]>()
  const asked = new Map<string, Asked[]>()

  function exchange(
    settings: UpstreamSettings,
    query: Message,
    options: UpstreamExchangeOptions,
  ): Promise<UpstreamResult> {
    const server = formatEndpoint(settings.to)
    const transport = settings.scheme === 'dns' ? options.transport : 'tcp'
    const protocol: UpstreamProtocol =
      settings.scheme === 'tls' ? 'tcp-tls' : settings.scheme === 'https' ? 'https' : transport
    const [question] = query.question
    const list = asked.get(server) ?? []
    asked.set(server, list)
    list.push({ name: question?.name ?? '', type: question?.type ?? '', transport })
    const reaction = (scripts.get(server) ?? []).find((one) => fits(one, query, transport))
    if (reaction !== undefined) reaction.times -= 1
    if (reaction?.end.kind === 'port-closed') {
      const message = `read ${transport} 10.0.0.1:40000->${server}: read: connection refused`
      return Promise.resolve({ kind: 'failed', error: new UpstreamError('refused', message), protocol, reused: false })
    }
    return waitForResponse({ settings, query, options, transport, protocol, reaction })
  }

  /** As a socket does: messages come in their time, the first that answers ends the wait. */
  function waitForResponse(exchange: {
    readonly settings: UpstreamSettings
    readonly query: Message
    readonly options: UpstreamExchangeOptions
    readonly transport: 'tcp' | 'udp'
    readonly protocol: UpstreamProtocol
    readonly reaction: Reaction | undefined
  }): Promise<UpstreamResult> {
    const { settings, query, options, transport, protocol, reaction } = exchange
    const { id } = encodeQuery(query, () => false)
    const startedAtMs = clock.monotonic()
    return new Promise((resolve) => {
      const timers: Timer[] = []
      let sawOther = false
      const finish = (result: UpstreamResult): void => {
        for (const timer of timers) timer.clear()
        resolve(result)
      }
      for (const octets of reaction === undefined ? [] : messagesOf(reaction, { ...query, id })) {
        timers.push(
          clock.setTimeout(() => {
            if ((((octets[0] ?? 0) << 8) | (octets[1] ?? 0)) !== id) return
            const verdict = judgeResponse(octets, query)
            if (verdict.kind === 'other-question') sawOther = true
            if (verdict.kind !== 'match') return
            const rttMs = clock.monotonic() - startedAtMs
            finish({ kind: 'response', message: verdict.message, protocol, rttMs, reused: false })
          }, reaction?.afterMs ?? 0),
        )
      }
      timers.push(
        clock.setTimeout(
          () => {
            const error = timeoutError({ during: 'read', network: transport, local: LOCAL, to: settings.to })
            finish(
              sawOther
                ? { kind: 'other-question', protocol, reused: false }
                : { kind: 'failed', error, protocol, reused: false },
            )
          },
          Math.min(options.readTimeoutMs, options.timeoutMs),
        ),
      )
    })
  }

  return {
    connect: (settings) => ({
      exchange: (query, options) => exchange(settings, query, options),
      close: () => Promise.resolve(),
    }),
    script: (server, reactions) => void scripts.set(server, reactions),
    askedOf: (server) => asked.get(server) ?? [],
  }
}

function fits(reaction: Reaction, query: Message, transport: 'tcp' | 'udp'): boolean {
  const [question] = query.question
  if (question === undefined || reaction.times <= 0) return false
  if (reaction.transport !== undefined && reaction.transport !== transport) return false
  if (reaction.type !== undefined && reaction.type !== question.type) return false
  return reaction.name === undefined || equalNames(reaction.name, question.name)
}

function messagesOf(reaction: Reaction, query: Message): Uint8Array[] {
  const { end } = reaction
  if (end.kind !== 'response') return reaction.disturbances.map((kind) => disturb(kind, response(query)))
  const bits = Object.fromEntries(end.bits.map((bit) => [bit, true]))
  const message = response(query, { rcode: end.rcode, ...end.records, ...bits })
  return [...reaction.disturbances.map((kind) => disturb(kind, message)), encodeMessage(message)]
}

function disturb(kind: Disturbance, message: Message): Uint8Array {
  switch (kind) {
    case 'MALFORMED':
      return encodeMessage(message).subarray(0, 14)
    case 'OTHER_QUESTION':
      return encodeMessage({ ...message, question: [{ name: 'other.example.', type: 'A', class: 'IN' }] })
    case 'WRONG_ID':
      return encodeMessage({ ...message, id: message.id ^ 0x55 })
  }
}
