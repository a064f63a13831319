import { readFileSync, readdirSync } from 'node:fs'
import { textAt } from '../../cluster/raw-object.ts'
import { ask } from '../support/ask.ts'
import type { Fault, FaultStage, KernelPlace } from '../fault.ts'
import { kernelOf, mustRunIn } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig, run } from '../look.ts'
import { coreDnsPods, restartPods } from '../support/pods.ts'
import type { RawObject } from '../../cluster/raw-object.ts'

const NODE = 'node3'
/** What is left beside the files that the program has open for good: enough for one question at a time. */
const FREE = 2
/** Nobody limits a server to fewer on purpose. */
const FEW = 512
/** Names outside that clients ask for at a time, each of which takes a socket to the client and one to an upstream. */
const AT_A_TIME = 16
const ASK_EVERY_MS = 1000
const SAMPLES = 10
const SAMPLE_EVERY_MS = 100
/** Several at a time, as applications ask. */
const BURST = `for i in 1 2 3 4 5 6 7 8; do dig +tcp +time=2 +tries=1 @{coredns@${NODE}} host$i.example.com & done; wait`

export const corednsSocketsExhausted: Fault = {
  name: 'coredns-sockets-exhausted',
  needs: 'netns',
  summary: `the CoreDNS pod of ${NODE} has nearly as many files open as it may: clients that ask for several external names at a time lose most of them`,
  looks: [
    run('default/console', BURST, { broken: /timed out|reset|end of file|refused|SERVFAIL/ }),
    dig(CONSOLE, `+tcp @{coredns@node4} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    const before = new Map<number, string>()
    for (const pid of await processes(stage)) {
      const limit = (await openForGood(pid)) + FREE
      before.set(pid, limitOf(pid) ?? '1048576:1048576')
      const set = ['prlimit', '--pid', String(pid), `--nofile=${limit}:${limit}`]
      await mustRunIn(kernel, { kind: 'node', name: NODE }, set)
    }
    const stopAsking = keepAskingMany(stage)
    return async () => {
      stopAsking()
      for (const [pid, limit] of before) {
        await kernel.run({ kind: 'node', name: NODE }, ['prlimit', '--pid', String(pid), `--nofile=${limit}`])
      }
      // As somebody would who does not wait for connections to be accepted again.
      await restartPods(stage, replicas(stage))
    }
  },
  isThere: async (stage) => (await processes(stage)).some((pid) => Number(limitOf(pid)?.split(':')[0]) < FEW),
}

function keepAskingMany(stage: FaultStage): () => void {
  const servers = replicas(stage).map((pod) => textAt(pod, 'status', 'podIP'))
  let count = 0
  const timer = setInterval(() => {
    for (const server of servers) {
      for (let index = 0; index < AT_A_TIME; index += 1) {
        count += 1
        void ask(stage, { server, names: [`host${count}.example.com.`] })
      }
    }
  }, ASK_EVERY_MS)
  timer.unref()
  return () => clearInterval(timer)
}

/** What it has open at its quietest: others are connections that come and go. */
async function openForGood(pid: number): Promise<number> {
  let least = Number.POSITIVE_INFINITY
  for (let sample = 0; sample < SAMPLES; sample += 1) {
    least = Math.min(least, readdirSync(`/proc/${pid}/fd`).length)
    await new Promise((resolve) => setTimeout(resolve, SAMPLE_EVERY_MS))
  }
  return least
}

/** What may be open, SOFT:HARD; undefined for a process that is gone. */
function limitOf(pid: number): string | undefined {
  try {
    const [, soft, hard] = /^Max open files +(\d+) +(\d+)/m.exec(readFileSync(`/proc/${pid}/limits`, 'utf8')) ?? []
    return soft === undefined || hard === undefined ? undefined : `${soft}:${hard}`
  } catch {
    return undefined
  }
}

function replicas(stage: FaultStage): RawObject[] {
  return coreDnsPods(stage).filter((pod) => textAt(pod, 'spec', 'nodeName') === NODE)
}

async function processes(stage: FaultStage): Promise<number[]> {
  const places = replicas(stage).map(({ metadata: { namespace = '', name } }): KernelPlace => ({
    kind: 'pod',
    namespace,
    name,
  }))
  return (await Promise.all(places.map((place) => kernelOf(stage).processes(place)))).flat()
}
