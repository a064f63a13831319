// V8's collector on demand. It frees large garbage late where little is allocated, which is what a server does after its start.
import { getHeapStatistics, setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'

let collect: (() => void) | undefined

/** Collects all garbage now; takes as long as the live objects are many: 100 to 200 ms for a cluster of 10,000 Services. */
export function collectGarbage(): void {
  if (collect === undefined) {
    // Only contexts made after this have the function.
    setFlagsFromString('--expose-gc')
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- V8's function
    collect = runInNewContext('gc') as () => void
    setFlagsFromString('--no-expose-gc')
  }
  // The first time finds the garbage, the second one gives its room back to the system.
  collect()
  collect()
}

/** Octets of objects in the heap, garbage included. */
export function heapBytes(): number {
  return getHeapStatistics().used_heap_size
}
