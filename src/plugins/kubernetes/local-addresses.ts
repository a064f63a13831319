import { networkInterfaces } from 'node:os'
import { canonicalAddress } from '../../kube/schema/index.ts'

/** The addresses that a block answers at, loopback left out: those of its `bind`, else all of this machine's. */
export function localAddresses(bound: readonly string[]): string[] {
  const addresses =
    bound.length > 0
      ? bound
      : Object.values(networkInterfaces()).flatMap((list) => (list ?? []).map(({ address }) => address))
  return addresses.map(canonicalAddress).filter((address) => !address.startsWith('127.') && address !== '::1')
}
