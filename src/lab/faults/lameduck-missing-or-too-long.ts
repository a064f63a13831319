import { corefileOf, editFault, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const lameduckMissingOrTooLong: Fault = editFault({
  name: 'lameduck-missing-or-too-long',
  summary: 'health has no lameduck: queries are lost whenever a CoreDNS pod ends',
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: 'health {\n        lameduck 5s\n    }\n',
      to: 'health :8080\n',
    }),
  ],
  after: restartCoreDns,
})
