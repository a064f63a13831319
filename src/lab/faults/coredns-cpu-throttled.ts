import type { Fault, FaultStage, KernelPlace } from './fault.ts'
import { kernelOf } from './kernel-fault.ts'
import { CONSOLE, NAME, dig } from './look.ts'
import { coreDnsPods } from './pods.ts'

/** Of each period a program may run for a twentieth, in milliseconds. */
const PERIOD_MS = 1000
const RUN_MS = 50
const LOOK = `+notcp +time=5 @{coredns@node3} ${NAME}`
const throttled = new WeakSet<FaultStage['store']>()

// As the kernel's scheduler does with a CPU limit: whoever has used its time up stands still until the next period.
export const corednsCpuThrottled: Fault = {
  name: 'coredns-cpu-throttled',
  needs: 'netns',
  summary: `the CoreDNS pods may run ${RUN_MS} ms of each ${PERIOD_MS}: every answer comes late`,
  imitated:
    'the programs are stopped and continued by signals, in the place of a quota of the scheduler: the counters of throttled periods stay at 0',
  looks: [dig(CONSOLE, LOOK, { broken: /Query time: [1-9]\d{2,} msec/, whole: /Query time: \d{1,2} msec/ })],
  inject(stage) {
    const kernel = kernelOf(stage)
    const places = coreDnsPods(stage).map(({ metadata: { namespace = '', name } }): KernelPlace => ({
      kind: 'pod',
      namespace,
      name,
    }))
    const signalAll = async (signal: 'SIGCONT' | 'SIGSTOP'): Promise<void> => {
      const processes = await Promise.all(places.map((place) => kernel.processes(place)))
      for (const pid of processes.flat()) send(pid, signal)
    }
    const over = new AbortController()
    const pause = (ms: number): Promise<void> =>
      new Promise((resolve) => {
        setTimeout(resolve, ms).unref()
      })
    const turns = (async () => {
      while (!over.signal.aborted) {
        await signalAll('SIGSTOP')
        await pause(PERIOD_MS - RUN_MS)
        await signalAll('SIGCONT')
        await pause(RUN_MS)
      }
    })()
    throttled.add(stage.store)
    return Promise.resolve(async () => {
      over.abort()
      await turns
      throttled.delete(stage.store)
    })
  },
  isThere: ({ store }) => throttled.has(store),
}

function send(pid: number, signal: 'SIGCONT' | 'SIGSTOP'): void {
  try {
    process.kill(pid, signal)
  } catch {
    // It ended meanwhile.
  }
}
