import { corefileOf, editFault, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { CONSOLE, run } from '../look.ts'

export const corednsMetricsUnavailable: Fault = editFault({
  name: 'coredns-metrics-unavailable',
  summary: 'the Corefile has no prometheus: nobody sees what CoreDNS does',
  looks: [
    run(CONSOLE, 'curl -sS http://{coredns@node3}:9153/metrics', {
      broken: /Failed to connect|refused|Could not connect/,
      whole: /coredns_build_info/,
    }),
  ],
  edits: () => [replaceText(corefileOf('coredns'), { from: '    prometheus :9153\n', to: '    # No metrics.\n' })],
  after: restartCoreDns,
})
