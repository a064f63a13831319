// bash, as far as a lab on loopback plays it: the two scripts that Fathom runs in a container that it adds to a pod. Their
// questions go where the pod's own would, through the table that maps cluster addresses to loopback ports.
import { PassThrough } from 'node:stream'
import { createInterface } from 'node:readline'
import { setTimeout as delay } from 'node:timers/promises'
import { describeError } from '../../base/index.ts'
import { decodeMessage } from '../../dns/index.ts'
import { exchange } from '../../net/index.ts'
import type { Endpoint, Transport } from '../../net/index.ts'
import { ASK_NAME, LAST_LINE, WAIT_NAME } from '../../vantage/index.ts'
import type { PodProcess } from '../cluster/pod-access.ts'
import type { Reach } from './switchboard.ts'

/** What a container that was added to a pod has beside the pod's files. */
export interface AddedContents {
  /** Where the pod's packets to an address end. */
  reach(endpoint: Endpoint): Reach
  /** Files that were made in the container. */
  readonly made: Set<string>
}

const LOOK_MS = 100
const KILLED = 137
const TIMED_OUT = 124

/** Runs one of the scripts; undefined for any other command line. */
export function playBash(args: readonly string[], contents: AddedContents): PodProcess | undefined {
  const [flag, , name, ...words] = args
  if (flag !== '-c') return undefined
  if (name === WAIT_NAME) return waiting(words, contents)
  return name === ASK_NAME ? asking(contents) : undefined
}

function waiting([file = '', seconds = '0']: readonly string[], { made }: AddedContents): PodProcess {
  let isKilled = false
  const run = async (): Promise<number> => {
    for (let left = Number(seconds) * 1000; left > 0 && !made.has(file); left -= LOOK_MS) {
      await delay(LOOK_MS, undefined, { ref: false })
      if (isKilled) return KILLED
    }
    made.delete(file)
    return 0
  }
  return playing(
    () => (isKilled = true),
    () => run(),
  )
}

function asking(contents: AddedContents): PodProcess {
  return playing(
    () => undefined,
    async ({ stdin, stdout }) => {
      const questions: string[] = []
      for await (const line of createInterface({ input: stdin })) {
        if (line === LAST_LINE) break
        questions.push(line)
      }
      const answers = await Promise.all(questions.map((line) => ask(line.split(' '), contents)))
      stdout.write(answers.map((lines, index) => said(index, lines)).join(''))
      return 0
    },
  )
}

interface Said {
  readonly lines: readonly string[]
  readonly status: number
}

function said(index: number, { lines, status }: Said): string {
  return [...lines.map((line) => `${index}: ${line}`), `${index}= ${status}`, ''].join('\n')
}

async function ask(
  [transport, address = '', port, seconds, query = '']: readonly string[],
  contents: AddedContents,
): Promise<Said> {
  const reach = contents.reach({ address, port: Number(port) })
  const timeoutMs = Number(seconds) * 1000
  if (reach.kind === 'refused') return { lines: ['at 0', 'dd: Connection refused', 'at 0'], status: 0 }
  if (reach.kind === 'silent') {
    await delay(timeoutMs)
    return { lines: ['at 0'], status: TIMED_OUT }
  }
  const octets = Buffer.from(query, 'hex').subarray(transport === 'tcp' ? 2 : 0)
  try {
    const result = await exchange({
      server: reach.endpoint,
      message: decodeMessage(octets),
      octets,
      drawId: () => octets.readUInt16BE(),
      transport: transport as Transport,
      timeoutMs,
    })
    if (result.kind === 'timeout') return { lines: ['at 0'], status: TIMED_OUT }
    if (result.kind !== 'response') return { lines: ['at 0', `dd: ${result.detail}`], status: 1 }
    const hex = Buffer.from(result.octets).toString('hex').replaceAll(/../g, '$& ').trim()
    return { lines: ['at 0', `at ${Math.round(result.rttMs * 1000)}`, hex], status: 0 }
  } catch (error) {
    return { lines: [`bash: ${describeError(error)}`], status: 1 }
  }
}

interface Streams {
  readonly stdin: PassThrough
  readonly stdout: PassThrough
  readonly stderr: PassThrough
}

function playing(kill: () => void, run: (streams: Streams) => Promise<number>): PodProcess {
  const streams = { stdin: new PassThrough(), stdout: new PassThrough(), stderr: new PassThrough() }
  const ended = run(streams).finally(() => {
    streams.stdout.end()
    streams.stderr.end()
  })
  return { ...streams, ended, resize: () => undefined, kill }
}
