// A name whose response is larger than a datagram can be on the wire: faults of large responses need one.
import { SERVICE_TYPE } from '../../cluster/resource-types.ts'
import { LabError } from '../../cluster/lab-error.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { awaitServed } from './ask.ts'
import { addObject } from './edit-fault.ts'
import type { Fault, FaultStage } from '../fault.ts'
import { kernelOf } from './kernel-fault.ts'
import { headlessService, writtenEndpoints } from './made-objects.ts'

/** Fully qualified, without the final dot. */
export const LARGE_NAME = 'large.default.svc.cluster.local'

const RULES_SEE_BRIDGE = 'net/bridge/bridge-nf-call-iptables'
const NAME = 'large'
const NAMESPACE = 'default'
/** A record has 16 octets when its name is compressed: some 1600 octets in all. */
const ENDPOINTS = 100

/** A fault of the switch, with a name whose response it loses. */
export function withLargeSet(fault: Fault): Fault {
  return {
    ...fault,
    async inject(stage) {
      if (kernelOf(stage).setting({ kind: 'underlay' }, RULES_SEE_BRIDGE) === undefined) {
        throw new LabError('not-supported', 'Cannot inject the fault: this kernel has no br_netfilter')
      }
      // Another fault of large responses may have put it there.
      const isThere = stage.store.get(SERVICE_TYPE, NAMESPACE, NAME) !== undefined
      const objects = isThere ? [] : largeSetObjects().map(addObject)
      const remove = (): void => {
        for (const object of objects.toReversed()) object.undo(stage)
      }
      try {
        for (const object of objects) object.make(stage)
        await awaitLargeSet(stage)
        const undo = await fault.inject(stage)
        return async () => {
          remove()
          await undo()
        }
      } catch (error) {
        remove()
        throw error
      }
    },
  }
}

/** Resolves when the replicas know the set, if it is there: whoever asked before would be told for half a minute that it is not. */
export async function awaitLargeSet(stage: FaultStage): Promise<void> {
  if (stage.store.get(SERVICE_TYPE, NAMESPACE, NAME) === undefined) return
  await awaitServed(stage, (turn) => `${addressOf(turn % ENDPOINTS).replaceAll('.', '-')}.${LARGE_NAME}.`)
}

/** A headless Service with many endpoints. */
export function largeSetObjects(): RawObject[] {
  const addresses = Array.from({ length: ENDPOINTS }, (_value, index) => addressOf(index))
  return [headlessService(NAME), ...writtenEndpoints(NAME, addresses)]
}

/** Of a block for documentation (RFC 5737): nobody is there. */
function addressOf(index: number): string {
  return `198.51.100.${index + 1}`
}
