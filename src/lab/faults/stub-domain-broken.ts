import { appendText, corefileOf, editFault } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const stubDomainBroken: Fault = editFault({
  name: 'stub-domain-broken',
  summary: 'the Corefile sends corp.example to 1.2.4.8, which never answers',
  shownBy: ['--name', 'git.corp.example'],
  edits: () => [appendText(corefileOf('coredns'), 'corp.example:53 {\n    errors\n    forward . 1.2.4.8\n}\n')],
  after: restartCoreDns,
})
