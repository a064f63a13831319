import type { Fault } from '../fault.ts'
import { addObject, editFault } from '../support/edit-fault.ts'
import { headlessService, idlePod } from '../support/made-objects.ts'
import { CONSOLE, dig, madeObject } from '../look.ts'

export const multiplePtrRecords: Fault = editFault({
  name: 'multiple-ptr-records',
  summary: `two headless Services select one pod: its address has two names`,
  shownBy: ['--name', '10.233.75.62'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} -x {default/member}', { broken: /PTR.*(members|voters)[^]*PTR.*(members|voters)/ }),
    madeObject('pod', 'member'),
  ],
  edits: (stage) => [
    addObject(idlePod(stage, 'member', {})),
    addObject(headlessService('members', { run: 'member' })),
    addObject(headlessService('voters', { run: 'member' })),
  ],
})
