import type { Fault } from './fault.ts'
import { ruleFault } from './kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig, run } from './look.ts'
import { restartCoreDns } from './restarts.ts'

export const apiServerUnreachable: Fault = ruleFault({
  name: 'api-server-unreachable',
  summary:
    'packets of pods to the API server are dropped, and CoreDNS was started anew: it never learns a Service, external names work',
  looks: [
    dig(CONSOLE, `@{coredns@node3} ${NAME}`, { broken: /status: SERVFAIL/, whole: ANSWERED }),
    dig(CONSOLE, '@{coredns@node3} www.example.com', { broken: ANSWERED, whole: ANSWERED }),
    run(CONSOLE, 'curl -sS http://{coredns@node3}:8181/ready', { broken: /kubernetes/, whole: /OK/ }),
  ],
  rules: ({ nodes, podCidr }) =>
    nodes.map((name) => ({
      place: { kind: 'node', name },
      table: 'raw',
      chain: 'PREROUTING',
      rule: `-s ${podCidr} -d 10.233.0.1/32 -p tcp --dport 443 -j DROP`,
    })),
  after: restartCoreDns,
})
