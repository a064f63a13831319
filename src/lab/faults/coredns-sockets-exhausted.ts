import { readFileSync } from 'node:fs'
import { textAt } from '../cluster/raw-object.ts'
import type { Fault, FaultStage, KernelPlace } from './fault.ts'
import { kernelOf, mustRunIn } from './kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig } from './look.ts'
import { coreDnsPods, restartPods } from './pods.ts'
import type { RawObject } from '../cluster/raw-object.ts'

const NODE = 'node3'
/** Fewer than the program has open for good: none is left for a connection. */
const FEW = 8

export const corednsSocketsExhausted: Fault = {
  name: 'coredns-sockets-exhausted',
  needs: 'netns',
  summary: `the CoreDNS pod of ${NODE} has as many files open as it may: no connection is accepted, none is made`,
  looks: [
    dig(CONSOLE, `+tcp @{coredns@${NODE}} ${NAME}`, { broken: /timed out|reset|end of file|refused/, whole: ANSWERED }),
    dig(CONSOLE, `+tcp @{coredns@node4} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    const before = new Map<number, string>()
    for (const pid of await processes(stage)) {
      before.set(pid, limitOf(pid) ?? '1048576:1048576')
      await mustRunIn(kernel, { kind: 'node', name: NODE }, ['prlimit', '--pid', String(pid), `--nofile=${FEW}:${FEW}`])
    }
    return async () => {
      for (const [pid, limit] of before) {
        await kernel.run({ kind: 'node', name: NODE }, ['prlimit', '--pid', String(pid), `--nofile=${limit}`])
      }
      // As somebody would who does not wait for connections to be accepted again.
      await restartPods(stage, replicas(stage))
    }
  },
  isThere: async (stage) => (await processes(stage)).some((pid) => limitOf(pid) === `${FEW}:${FEW}`),
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
