import { corefileOf, editFault, replaceText } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { restartCoreDns } from './restarts.ts'

export const corednsMetricsUnavailable: Fault = editFault({
  name: 'coredns-metrics-unavailable',
  summary: 'the Corefile has no prometheus: nobody sees what CoreDNS does',
  edits: () => [replaceText(corefileOf('coredns'), { from: '    prometheus :9153\n', to: '    # No metrics.\n' })],
  after: restartCoreDns,
})
