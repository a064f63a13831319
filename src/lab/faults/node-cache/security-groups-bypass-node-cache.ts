import { textAt } from '../../cluster/raw-object.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, NODE_CACHE, dig, madeObject } from '../look.ts'
import { idlePod } from '../support/made-objects.ts'
import { together } from '../support/together.ts'

const POD = 'branch'
const ANNOTATIONS = { 'vpc.amazonaws.com/pod-eni': '[{"eniId":"eni-0a1b2c3d4e5f60718","vlanId":1}]' }

const annotated: Fault = editFault({
  name: 'pod',
  summary: '',
  looks: [],
  edits: (stage) => {
    const pod = idlePod(stage, POD, {})
    return [addObject({ ...pod, metadata: { ...pod.metadata, annotations: ANNOTATIONS } })]
  },
})
const cutOff: Fault = ruleFault({
  name: 'rules',
  summary: '',
  looks: [],
  rules: (_kernel, { store }) => {
    const address = textAt(store.get(POD_TYPE, 'default', POD) ?? {}, 'status', 'podIP')
    if (address === '') return []
    return [
      {
        place: { kind: 'node', name: 'node2' },
        table: 'raw',
        chain: 'PREROUTING',
        rule: `-s ${address}/32 -d ${NODE_CACHE}/32 -j DROP`,
      },
    ]
  },
})

export const securityGroupsBypassNodeCache: Fault = together(
  {
    name: 'security-groups-bypass-node-cache',
    needs: 'netns',
    summary: 'a pod with a security group of its own: its traffic passes the node by, and with it the node cache',
    imitated:
      'the pod has an ordinary interface; what it sends to the node cache is dropped where a branch interface would lead past it',
    shownBy: ['--from', `default/${POD}`],
    looks: [
      dig(`default/${POD}`, `+notcp @${NODE_CACHE} ${NAME}`, { broken: /timed out/ }),
      dig(`default/${POD}`, `@${DNS_SERVICE} ${NAME}`, { broken: ANSWERED }),
      dig(CONSOLE, `@${NODE_CACHE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
      madeObject('pod', POD),
    ],
  },
  annotated,
  cutOff,
)
