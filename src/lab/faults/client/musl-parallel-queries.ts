import type { Fault } from '../fault.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { ANSWERED, NXDOMAIN, dig, madeObject, run } from '../look.ts'

export const muslParallelQueries: Fault = editFault({
  name: 'musl-parallel-queries',
  summary: `a pod of alpine with a private nameserver and a public one: musl asks both at once and takes the first response`,
  imitated: `the image is a name: no musl runs in the pod`,
  shownBy: ['--from', 'default/parallel', '--name', 'git.corp.example'],
  looks: [
    run('default/parallel', 'cat /etc/resolv.conf', {
      broken: /^nameserver 100\.64\.11\.3\nnameserver 114\.114\.114\.114/m,
    }),
    dig('default/parallel', '@100.64.11.3 git.corp.example', { broken: ANSWERED }),
    dig('default/parallel', '@114.114.114.114 git.corp.example', { broken: NXDOMAIN }),
    madeObject('pod', 'parallel'),
  ],
  edits: (stage) => [
    addObject(
      idlePod(stage, 'parallel', {
        containers: [{ name: 'parallel', image: 'alpine:3.18' }],
        dnsPolicy: 'None',
        dnsConfig: { nameservers: ['100.64.11.3', '114.114.114.114'] },
      }),
    ),
  ],
})
