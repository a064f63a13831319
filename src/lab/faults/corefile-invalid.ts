import { corefileOf, editFault, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const corefileInvalid: Fault = editFault({
  name: 'corefile-invalid',
  summary: 'the Corefile has "many" where a number belongs: the pods restarted, and none of them starts',
  edits: () => [replaceText(corefileOf('coredns'), { from: 'max_concurrent 1000\n', to: 'max_concurrent many\n' })],
  after: restartCoreDns,
})
