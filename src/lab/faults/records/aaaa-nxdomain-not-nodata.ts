import type { Fault } from '../fault.ts'
import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { ANSWERED, CONSOLE, NXDOMAIN, dig } from '../look.ts'

export const aaaaNxdomainNotNodata: Fault = editFault({
  name: 'aaaa-nxdomain-not-nodata',
  summary: `the Corefile denies names of example.org when AAAA is asked, though they have an A: clients that ask for both give up`,
  shownBy: ['--name', 'www.example.org', '--type', 'AAAA'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} AAAA www.example.org', { broken: NXDOMAIN, whole: /status: NOERROR[^]*ANSWER: 0/ }),
    dig(CONSOLE, '@{coredns@node3} A www.example.org', { broken: ANSWERED, whole: ANSWERED }),
  ],
  edits: () => [
    replaceText(corefileOf('coredns'), {
      from: '    prometheus :9153\n',
      to: '    prometheus :9153\n    template IN AAAA example.org {\n        rcode NXDOMAIN\n    }\n',
    }),
  ],
  after: restartCoreDns,
})
