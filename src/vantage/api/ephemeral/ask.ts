// Questions that a container in a pod sends: those of the same moment go into one session.
import { randomId } from '../../../base/index.ts'
import { encodeMessage } from '../../../dns/index.ts'
import type { Message } from '../../../dns/index.ts'
import { KubeApiError, execInPod } from '../../../kube/api/index.ts'
import type { KubeClient } from '../../../kube/api/index.ts'
import { describeError } from '../../../base/index.ts'
import { matchResponse } from '../../../net/index.ts'
import type { ExchangeResult } from '../../../net/index.ts'
import type { ExecTarget } from '../exec-source.ts'
import type { ExchangeRequest } from '../../vantage.ts'
import type { Skipped } from '../../skipped.ts'
import { ASK_COMMAND, IMAGE_NEEDS, formatQuestions, readAnswers, secondsOf } from './scripts.ts'
import type { Asked, Came } from './scripts.ts'

/** Questions of one session at most. */
const MAX_TOGETHER = 32
/** What starting programs there may take beside the waiting itself. */
const OVERHEAD_MS = 10_000

interface Waiting {
  readonly request: ExchangeRequest
  readonly query: Message
  readonly octets: Uint8Array
  readonly answer: (result: ExchangeResult | Skipped) => void
}

/** Sends messages from a container. Never rejects. */
export function containerAsker(
  client: KubeClient,
  target: ExecTarget,
): (request: ExchangeRequest) => Promise<ExchangeResult | Skipped> {
  let waiting: Waiting[] = []
  const flush = (): void => {
    const all = waiting
    waiting = []
    for (let at = 0; at < all.length; at += MAX_TOGETHER) void askTogether(all.slice(at, at + MAX_TOGETHER))
  }
  const askTogether = async (batch: readonly Waiting[]): Promise<void> => {
    const results = await runBatch(client, target, batch)
    batch.forEach(({ answer }, index) => answer(results[index] ?? CUT_OFF))
  }
  return (request) => {
    if (request.source !== undefined && (request.source.address ?? request.source.port) !== undefined) {
      return Promise.resolve({ kind: 'skipped', why: 'a container that was added cannot choose its source address' })
    }
    if (request.companion !== undefined) {
      return Promise.resolve({
        kind: 'skipped',
        why: 'a container that was added sends each query from a socket of its own',
      })
    }
    const query = { ...request.message, id: request.id ?? randomId() }
    return new Promise((answer) => {
      if (waiting.length === 0) setImmediate(flush)
      waiting.push({ request, query, octets: encodeMessage(query), answer })
    })
  }
}

const CUT_OFF: Skipped = { kind: 'skipped', why: 'the container did not tell what came' }

async function runBatch(
  client: KubeClient,
  target: ExecTarget,
  batch: readonly Waiting[],
): Promise<(ExchangeResult | Skipped)[]> {
  const questions = batch.map(({ request, octets }): Asked => ({ ...request, octets }))
  const longestMs = Math.max(...questions.map(({ timeoutMs }) => secondsOf(timeoutMs) * 1000))
  const where = `container ${target.container} of pod ${target.pod.namespace}/${target.pod.name}`
  const all = (skipped: Skipped): Skipped[] => batch.map(() => skipped)
  try {
    const stdin = Buffer.from(formatQuestions(questions))
    const timeoutMs = longestMs + OVERHEAD_MS
    const result = await execInPod(client, { ...target, command: ASK_COMMAND, stdin, timeoutMs })
    if (result.kind === 'not-started') {
      return all({
        kind: 'skipped',
        why: `nothing can be asked from ${where}: ${result.why.trim()}`,
        needs: `an image with ${IMAGE_NEEDS}`,
      })
    }
    const missing = /(?:env|dd|od|sed|timeout|printf): (?:command )?not found/.exec(result.stderr.toString('utf8'))?.[0]
    if (missing !== undefined) {
      return all({
        kind: 'skipped',
        why: `the image of ${where} lacks a program (${missing})`,
        needs: `an image with ${IMAGE_NEEDS}`,
      })
    }
    const answers = readAnswers(result.stdout.toString('utf8'), batch.length)
    // What came before the connection broke stays valid.
    const why = result.kind === 'cut-off' ? result.why : endedEarly(where, result)
    return batch.map((asked, index) => {
      const came = answers[index]
      return came === undefined ? { kind: 'skipped', why } : resultOf(asked, came)
    })
  } catch (error) {
    const isForbidden = error instanceof KubeApiError && error.code === 'forbidden'
    const needs = isForbidden ? { needs: `create, get pods/exec in ${target.pod.namespace}` } : {}
    return all({ kind: 'skipped', why: describeError(error), ...needs })
  }
}

/** Names the exit code, and the last that it complained of. */
function endedEarly(
  where: string,
  { exitCode, stderr }: { readonly exitCode: number; readonly stderr: Buffer },
): string {
  const complaint = stderr.toString('utf8').trim().split('\n').at(-1)?.slice(0, 200) ?? ''
  return `the program in ${where} ended early (exit code ${exitCode}${complaint === '' ? '' : `: ${complaint}`})`
}

function resultOf({ request, query }: Waiting, came: Came): ExchangeResult {
  const { transport, timeoutMs, server } = request
  const silence: ExchangeResult = { kind: 'timeout', afterMs: secondsOf(timeoutMs) * 1000, transport, stray: [] }
  if (came.kind === 'nothing') return silence
  if (came.kind === 'octets') {
    const match = matchResponse(came.octets, query, server)
    return match.kind === 'response'
      ? { kind: 'response', message: match.message, octets: came.octets, rttMs: came.ms, transport, stray: [] }
      : { ...silence, stray: [match.stray] }
  }
  const [detail] = /[^:]*$/.exec(came.detail) ?? [came.detail]
  const words = detail.trim().toLowerCase()
  const fault = { afterMs: came.ms, transport, detail: words === '' ? came.detail : words }
  if (/refused/.test(words)) return { kind: 'refused', ...fault }
  if (/timed out/.test(words)) return silence
  return { kind: /reset|end of file/.test(words) ? 'closed' : 'unreachable', ...fault }
}
