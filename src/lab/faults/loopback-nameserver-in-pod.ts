import { addObject, editFault } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { idlePod } from './made-objects.ts'
import { NAME, REFUSED, dig, madeObject } from './look.ts'

export const loopbackNameserverInPod: Fault = editFault({
  name: 'loopback-nameserver-in-pod',
  summary: 'a pod whose nameserver is 127.0.0.1, where nothing listens in it',
  shownBy: ['--from', 'default/lonely'],
  looks: [dig('default/lonely', NAME, { broken: REFUSED }), madeObject('pod', 'lonely')],
  edits: (stage) => [
    addObject(
      idlePod(stage, 'lonely', {
        dnsPolicy: 'None',
        dnsConfig: {
          nameservers: ['127.0.0.1'],
          searches: ['default.svc.cluster.local', 'svc.cluster.local', 'cluster.local'],
          options: [{ name: 'ndots', value: '5' }],
        },
      }),
    ),
  ],
})
