// An address that a pod had once: in a node's block, and nobody's now.
import { textAt } from '../../cluster/raw-object.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import type { FaultStage } from '../fault.ts'

/** A free address beside another pod's. */
export function deadAddressBeside({ store }: FaultStage, address: string): string {
  const taken = new Set(store.list(POD_TYPE).map((pod) => textAt(pod, 'status', 'podIP')))
  const prefix = address.slice(0, address.lastIndexOf('.') + 1)
  const own = Number(address.slice(prefix.length))
  // Within the block of 64 that the address is in, from its end: new pods are counted up from its beginning.
  const last = Math.floor(own / 64) * 64 + 62
  for (let host = last; host > last - 62; host -= 1) if (!taken.has(`${prefix}${host}`)) return `${prefix}${host}`
  return address
}
