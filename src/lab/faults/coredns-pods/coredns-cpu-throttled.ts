import { keepReplicasBusy } from '../support/ask.ts'
import { makeCpuGroup } from './cpu-quota.ts'
import { editFault, setField } from '../support/edit-fault.ts'
import type { Fault, FaultStage, KernelPlace } from '../fault.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { CONSOLE, NAME, dig } from '../look.ts'
import { coreDnsPods } from '../support/pods.ts'
import { together } from '../support/together.ts'

/** Of both pods each, as a container's limit. */
const LIMIT = '10m'
const QUOTA = { quotaMicros: 1000, periodMicros: 100_000 }
/** They wait for each other, so that a server always has some left to answer, and never more than that, however fast the machine is. */
const CLIENTS = 6
const PAUSE_MS = 10
/** Programs that were started since are taken in as well. */
const TAKE_IN_EVERY_MS = 500
const throttled = new WeakSet<FaultStage['store']>()

const limits: Fault = editFault({
  name: 'limits',
  summary: '',
  looks: [],
  edits: (stage) =>
    coreDnsPods(stage).map(({ metadata: { namespace = '', name } }) =>
      setField(
        { apiVersion: 'v1', kind: 'Pod', namespace, name },
        ['spec', 'containers', 0, 'resources', 'limits', 'cpu'],
        LIMIT,
      ),
    ),
})

const quota: Pick<Fault, 'inject' | 'isThere'> = {
  inject(stage) {
    const kernel = kernelOf(stage)
    const groups = coreDnsPods(stage).map(({ metadata: { namespace = '', name } }) => {
      const place: KernelPlace = { kind: 'pod', namespace, name }
      return { place, group: makeCpuGroup(`fathom-lab-${process.pid}-${name}`, QUOTA) }
    })
    const takeIn = async (): Promise<void> => {
      for (const { place, group } of groups) group.add(await kernel.processes(place))
    }
    const over = new AbortController()
    const turns = (async () => {
      while (!over.signal.aborted) {
        await takeIn()
        await new Promise((resolve) => {
          setTimeout(resolve, TAKE_IN_EVERY_MS).unref()
        })
      }
    })()
    const stopAsking = keepReplicasBusy(stage, { name: `${NAME}.`, clients: CLIENTS, pauseMs: PAUSE_MS })
    throttled.add(stage.store)
    return Promise.resolve(async () => {
      over.abort()
      stopAsking()
      await turns
      for (const { group } of groups) group.close()
      throttled.delete(stage.store)
    })
  },
  isThere: ({ store }) => throttled.has(store),
}

export const corednsCpuThrottled: Fault = together(
  {
    name: 'coredns-cpu-throttled',
    needs: 'netns',
    summary: `the CoreDNS pods have a CPU limit of ${LIMIT} and more to answer than that is enough for: every answer comes late, many too late`,
    looks: [
      dig(CONSOLE, `+notcp +time=5 @{coredns@node3} ${NAME}`, {
        broken: /Query time: [1-9]\d{2,} msec|timed out/,
        whole: /Query time: \d{1,2} msec/,
      }),
    ],
  },
  limits,
  quota,
)
