// Plays the steps of a replay; the first thing that is not as it says ends it.
import { decodeMessage, encodeMessage, formatRecord, type Message, type ResourceRecord } from '../../src/dns/index.ts'
import { createFakeClock, settle } from '../support/fake-clock.ts'
import { createRequest } from '../support/plugin-rig.ts'
import { createFakeUpstreams } from './fake-upstreams.ts'
import type { HeaderBit, Records, Step } from './parse-replay.ts'
import { createReplayServer } from './replay-server.ts'

/** Something is not as the replay says. */
export class ReplayError extends Error {}

interface Client {
  response: Message | 'none' | undefined
}

/** Plays a replay. @throws {ReplayError} with the step's line */
export async function runReplay(steps: readonly Step[]): Promise<void> {
  const clock = createFakeClock()
  const upstreams = createFakeUpstreams(clock)
  const server = createReplayServer(clock, upstreams.connect)
  const clients = new Map<string, Client>()
  let last: Client = { response: undefined }

  function query(text: string, label: string): void {
    const client: Client = { response: undefined }
    last = client
    if (label !== '') clients.set(label, client)
    const request = createRequest(text, { clock })
    const answer = server.respond(encodeMessage(request.message), {
      client: request.client,
      local: request.local,
      transport: request.transport,
    })
    void Promise.resolve(answer).then((octets) => {
      client.response = octets === undefined ? 'none' : decodeMessage(octets)
    })
  }

  async function play(step: Step): Promise<void> {
    switch (step.kind) {
      case 'corefile':
        return server.load(step.text)
      case 'file':
        return server.writeFile(step.path, step.text)
      case 'server':
        return upstreams.script(step.server, step.reactions)
      case 'query':
        return query(step.text, step.label)
      case 'time-passes':
        return clock.advance(step.ms)
      case 'response': {
        // What takes no time is given none: the upstream's timers of 0 ms fall due.
        await clock.advance(0)
        const client = step.label === undefined ? last : clients.get(step.label)
        return expectSame(describe(client?.response), describeExpected(step.rcode, step.bits, step.records))
      }
      case 'no-response': {
        await clock.advance(0)
        const client = step.label === undefined ? last : clients.get(step.label)
        return expectSame(describe(client?.response), 'no response')
      }
      case 'asked': {
        await clock.advance(0)
        const asked = upstreams.askedOf(step.server).filter((one) => !isProbe(one))
        const counted = asked.filter(({ transport }) => step.transport === undefined || transport === step.transport)
        return expectSame(`${counted.length} queries`, `${step.count} queries`)
      }
      case 'probed': {
        await clock.advance(0)
        return expectSame(`${upstreams.askedOf(step.server).filter(isProbe).length} probes`, `${step.count} probes`)
      }
      case 'metric': {
        await clock.advance(0)
        return expectMetric(server.metrics(), step)
      }
      case 'log': {
        await settle()
        if (server.log().some((line) => line.includes(step.text))) return
        throw new ReplayError(`no such line in the log:\n${server.log().join('\n')}`)
      }
    }
  }

  try {
    for (const step of steps) {
      try {
        await play(step)
      } catch (error) {
        if (error instanceof ReplayError) throw new ReplayError(`line ${step.line}: ${error.message}`)
        throw error
      }
    }
  } finally {
    await server.close()
  }
}

function isProbe({ name, type }: { readonly name: string; readonly type: string }): boolean {
  return name === '.' && type === 'NS'
}

function expectSame(found: string, wanted: string): void {
  if (found !== wanted) throw new ReplayError(`\n--- expected\n${wanted}\n--- found\n${found}`)
}

function describe(message: Client['response']): string {
  if (message === undefined) return 'no response'
  if (message === 'none') return 'never a response'
  const bits = (['aa', 'tc', 'ra', 'ad'] as const).filter((bit) => message.flags[bit])
  return describeExpected(message.rcode, bits, message)
}

function describeExpected(rcode: string, bits: readonly HeaderBit[], records: Records): string {
  const sorted = (['aa', 'tc', 'ra', 'ad'] as const).filter((bit) => bits.includes(bit))
  const section = (name: string, list: readonly ResourceRecord[]): string[] =>
    list.map((record) => `    ${name} ${formatRecord(record).replaceAll(/\s+/g, ' ')}`)
  return [
    ['RESPONSE', rcode, ...sorted].join(' '),
    ...section('ANSWER', records.answer),
    ...section('AUTHORITY', records.authority),
    ...section('ADDITIONAL', records.additional),
  ].join('\n')
}

function expectMetric(text: string, step: Step & { readonly kind: 'metric' }): void {
  const series = text.split('\n').filter((line) => line.startsWith(`${step.name}{`) || line.startsWith(`${step.name} `))
  const fitting = series.filter((line) => step.labels.every((label) => line.includes(label)))
  const values = fitting.map((line) => line.slice(line.lastIndexOf(' ') + 1))
  const total = values.reduce((sum, value) => sum + Number(value), 0)
  if (String(total) === step.value) return
  throw new ReplayError(`${step.name} is ${total}, not ${step.value}; series:\n${series.join('\n')}`)
}
