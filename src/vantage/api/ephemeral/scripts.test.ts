import { spawn, spawnSync } from 'node:child_process'
import { text } from 'node:stream/consumers'
import { describe, expect, it } from 'vitest'
import { startScriptedServer } from '../../../../test/support/scripted-server.ts'
import { decodeMessage, encodeMessage, query, response } from '../../../dns/index.ts'
import { ASK_COMMAND, formatQuestions, readAnswers, waitCommand } from './scripts.ts'
import type { Asked } from './scripts.ts'

const PROGRAMS = ['bash', 'dd', 'env', 'od', 'sed', 'timeout']
const lacks = PROGRAMS.find((program) => spawnSync('which', [program]).status !== 0)
const title = lacks === undefined ? '' : ` (skipped: there is no ${lacks} on this machine)`

async function run(questions: readonly Asked[]): Promise<ReturnType<typeof readAnswers>> {
  const [program = '', ...args] = ASK_COMMAND
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] })
  child.stdin.end(formatQuestions(questions))
  return readAnswers(await text(child.stdout), questions.length)
}

// Each octet value that a shell could trip over: a label of 10 octets begins with the octet of a line feed.
const octets = encodeMessage(query({ name: '0123456789.%s\\092\\000\\255x.example.org.', type: 'A' }))

describe.skipIf(lacks !== undefined)(`ASK_COMMAND${title}`, () => {
  it('sends octets as they are, over UDP and TCP, all at once, and gives the responses as they came', async () => {
    const server = await startScriptedServer(({ message }) => [{ kind: 'send', message: response(message) }])
    const endpoint = { address: '127.0.0.1', port: server.port }
    try {
      const asked = (['udp', 'tcp'] as const).map((transport) => ({
        server: endpoint,
        transport,
        timeoutMs: 5000,
        octets,
      }))
      const answers = await run(asked)
      const sent = decodeMessage(octets)
      for (const answer of answers) {
        if (answer?.kind !== 'octets') throw new Error(`no octets: ${JSON.stringify(answer)}`)
        expect(decodeMessage(answer.octets)).toMatchObject({
          id: sent.id,
          question: sent.question,
          flags: { qr: true },
        })
        expect(answer.ms).toBeGreaterThan(0)
      }
      expect(answers).toHaveLength(2)
    } finally {
      await server.close()
    }
  })

  it('tells a closed port, a connection that ends, and silence apart', async () => {
    const server = await startScriptedServer(() => [])
    const closing = await startScriptedServer(() => [{ kind: 'close' }])
    try {
      const at = (port: number, transport: 'tcp' | 'udp'): Asked => ({
        server: { address: '127.0.0.1', port },
        transport,
        timeoutMs: 900,
        octets,
      })
      const [udp, tcp, silent, ends] = await run([
        at(1, 'udp'),
        at(1, 'tcp'),
        at(server.port, 'udp'),
        at(closing.port, 'tcp'),
      ])
      expect(udp).toMatchObject({ kind: 'error', detail: expect.stringMatching(/refused/) as string })
      expect(tcp).toMatchObject({ kind: 'error', detail: expect.stringMatching(/refused/) as string })
      expect(silent).toEqual({ kind: 'nothing' })
      expect(ends).toMatchObject({ kind: 'error', detail: 'end of file' })
    } finally {
      await Promise.all([server.close(), closing.close()])
    }
  })
})

describe.skipIf(lacks !== undefined)(`waitCommand()${title}`, () => {
  it('ends by itself when nobody tells it to', async () => {
    const [program = '', ...args] = waitCommand('/tmp/.fathom-none', 1)
    const child = spawn(program, args, { stdio: 'ignore' })
    expect(await new Promise((resolve) => void child.once('exit', resolve))).toBe(0)
  })
})

describe('readAnswers()', () => {
  it('knows nothing of a question that the output does not speak of to its end', () => {
    expect(readAnswers('0: at 5\n0: 00 01\n0= 0\n1: at 5\n1: 00', 3)).toEqual([
      { kind: 'octets', octets: Buffer.of(0, 1), ms: -0.005 },
      undefined,
      undefined,
    ])
  })
})
