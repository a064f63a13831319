import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { madeObject, run } from '../look.ts'

export const dnsPolicyNoneIncomplete: Fault = editFault({
  name: 'dns-policy-none-incomplete',
  summary: 'a pod with dnsPolicy None and a nameserver alone: no short name resolves',
  shownBy: ['--from', 'default/plain', '--name', 'hello-world'],
  looks: [
    run('default/plain', 'cat /etc/resolv.conf', { broken: /^(?![^]*search)[^]*nameserver 169\.254\.25\.10/ }),
    run('default/plain', 'getent hosts hello-world || echo none', { broken: /^none/ }),
    madeObject('pod', 'plain'),
  ],
  edits: (stage) => [
    addObject(idlePod(stage, 'plain', { dnsPolicy: 'None', dnsConfig: { nameservers: ['169.254.25.10'] } })),
  ],
})
