import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import type { PlacedRule } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, NAME, dig, run } from '../look.ts'
import { restartCoreDns } from '../support/restarts.ts'

export const apiServerUnreachable: Fault = ruleFault({
  name: 'api-server-unreachable',
  summary:
    'firewalls of the nodes reject what pods send to the API server, and CoreDNS was started anew: it never learns a Service, external names work',
  looks: [
    dig(CONSOLE, `@{coredns@node3} ${NAME}`, { broken: /status: SERVFAIL/, whole: ANSWERED }),
    dig(CONSOLE, '@{coredns@node3} www.example.com', { broken: ANSWERED, whole: ANSWERED }),
    run(CONSOLE, 'curl -sS http://{coredns@node3}:8181/ready', { broken: /kubernetes/, whole: /OK/ }),
  ],
  rules: ({ nodes, podCidr }) =>
    nodes.flatMap((name) =>
      // On the node of the API server itself nothing is forwarded.
      ['FORWARD', 'INPUT'].map((chain): PlacedRule => ({
        place: { kind: 'node', name },
        table: 'filter',
        chain,
        rule: `-s ${podCidr} -p tcp -m conntrack --ctorigdst 10.233.0.1 --ctorigdstport 443 -j REJECT --reject-with icmp-host-prohibited`,
      })),
    ),
  after: restartCoreDns,
})
