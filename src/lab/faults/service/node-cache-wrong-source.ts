import { textAt } from '../../cluster/raw-object.ts'
import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { dnsService, nodeCacheAddress } from '../support/dns-objects.ts'
import { CONSOLE, DNS_SERVICE, NAME, dig, strangers } from '../look.ts'

const NODE = 'node2'

// The query is translated and tracked; the response leaves from the cache's own address, which is not tracked and so not translated back.
export const nodeCacheWrongSource: Fault = ruleFault({
  name: 'node-cache-wrong-source',
  summary: `${NODE}: the DNS Service IP is redirected to the node cache, whose responses come from its own address: "reply from unexpected source"`,
  // Only what is forwarded on the node passes the rule: the node itself sees nothing of it.
  shownBy: ['--from', 'default/console'],
  looks: [strangers(CONSOLE, /IP 169\.254\.25\.10\.53 > /), dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`)],
  rules: (_kernel, stage) => {
    const service = textAt(dnsService(stage) ?? {}, 'spec', 'clusterIP')
    return [
      {
        place: { kind: 'node', name: NODE },
        table: 'nat',
        chain: 'PREROUTING',
        rule: `-d ${service}/32 -p udp --dport 53 -j DNAT --to-destination ${nodeCacheAddress(stage)}:53`,
      },
    ]
  },
})
