import type { Fault } from '../fault.ts'
import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { CONSOLE, NXDOMAIN, dig } from '../look.ts'

export const autopathMisidentifiesClient: Fault = editFault({
  name: 'autopath-misidentifies-client',
  needs: 'netns',
  summary: `CoreDNS has autopath: short names come back as a CNAME to another name, by the address that seems to ask`,
  shownBy: ['--from', 'default/console', '--name', 'kubernetes.io.default.svc.cluster.local'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} kubernetes.io.default.svc.cluster.local', {
      broken: /CNAME\s+kubernetes\.io/,
      whole: NXDOMAIN,
    }),
  ],
  edits: () => [
    replaceText(corefileOf('coredns'), { from: 'pods insecure\n', to: 'pods verified\n' }),
    replaceText(corefileOf('coredns'), { from: '    cache 30\n', to: '    cache 30\n    autopath @kubernetes\n' }),
  ],
  after: restartCoreDns,
})
