import type { Fault } from '../fault.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { LARGE_NAME, awaitLargeSet, largeSetObjects } from '../support/large-set.ts'
import { CONSOLE, dig, kubectl } from '../look.ts'

export const muslNoTcpFallback: Fault = editFault({
  name: 'musl-no-tcp-fallback',
  summary: `a pod of alpine:3.17, whose musl never asks again over TCP: names whose response does not fit into a datagram fail in it`,
  imitated: `the image is a name: no musl runs in the pod, and dig +ignore asks as musl 1.2.3 does`,
  shownBy: ['--from', 'default/alpine', '--name', LARGE_NAME],
  looks: [
    dig(CONSOLE, `+notcp +ignore +noedns @{coredns@node3} ${LARGE_NAME}`, { broken: /flags:[^;]* tc[ ;]/ }),
    kubectl("get pod alpine -o jsonpath='{.spec.containers[0].image}'", {
      broken: /^alpine:3\.17$/,
      whole: /NotFound/,
    }),
  ],
  edits: (stage) => [
    addObject(idlePod(stage, 'alpine', { containers: [{ name: 'alpine', image: 'alpine:3.17' }] })),
    ...largeSetObjects().map(addObject),
  ],
  after: awaitLargeSet,
})
