import type { Fault } from '../fault.ts'
import { coreDnsPods } from '../support/pods.ts'
import { editFault, setField } from '../support/edit-fault.ts'
import { restartCoreDns } from '../support/restarts.ts'
import { kubectl } from '../look.ts'

export const readinessProbeOnHealth: Fault = editFault({
  name: 'readiness-probe-on-health',
  summary: `the readiness probe of CoreDNS asks /health, which answers before the kubernetes plugin knows any Service: wrong answers at each start`,
  looks: [
    kubectl(
      "-n kube-system get pods -l k8s-app=kube-dns -o jsonpath='{.items[*].spec.containers[0].readinessProbe.httpGet.path}'",
      { broken: /^\/health \/health$/, whole: /^\/ready \/ready$/ },
    ),
  ],
  edits: (stage) =>
    coreDnsPods(stage).map(({ metadata: { namespace = '', name } }) =>
      setField(
        { apiVersion: 'v1', kind: 'Pod', namespace, name },
        ['spec', 'containers', 0, 'readinessProbe', 'httpGet'],
        { path: '/health', port: 8080, scheme: 'HTTP' },
      ),
    ),
  after: restartCoreDns,
})
