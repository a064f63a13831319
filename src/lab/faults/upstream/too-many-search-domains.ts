import { appendText, editFault, nodeFile } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartPodsOf } from '../support/restarts.ts'
import { CONSOLE, run } from '../look.ts'

export const tooManySearchDomains: Fault = editFault({
  name: 'too-many-search-domains',
  summary: 'node2: resolv.conf lists nine search domains: with those of Kubernetes that is more than kubelet keeps',
  looks: [
    run('node/node2', 'cat /run/systemd/resolve/resolv.conf', {
      broken: /^search( \S+){9}$/m,
      whole: /^(?![^]*search a\.)[^]*nameserver/,
    }),
    run(CONSOLE, 'cat /etc/resolv.conf', { broken: /^search( \S+){6}$/m, whole: /^search( \S+){3}$/m }),
  ],
  edits: () => [
    appendText(
      nodeFile('node2', '/run/systemd/resolve/resolv.conf'),
      'search a.example b.example c.example d.example e.example f.example g.example h.example i.example\n',
    ),
  ],
  after: restartPodsOf('node2'),
})
