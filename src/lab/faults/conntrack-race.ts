import { addObject, editFault } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { ruleFault } from './kernel-fault.ts'
import { DNS_SERVICE, madeObject, run } from './look.ts'
import { idlePod } from './made-objects.ts'
import { together } from './together.ts'

const POD = 'racer'
/** The end of a qname, type AAAA, class IN. */
const AAAA = '|00001c0001|'
/** With getaddrinfo, as most programs do: A and AAAA from one socket. */
const RESOLVE = "{node} -e 'require(`dns`).lookup(`kubernetes.default.svc.cluster.local`,{all:true},()=>{})'"

const client: Fault = editFault({
  name: 'pod',
  summary: '',
  looks: [],
  // Past the node cache, whose queries the kernel does not track.
  edits: (stage) => [
    addObject(
      idlePod(stage, POD, {
        dnsPolicy: 'None',
        dnsConfig: { nameservers: [DNS_SERVICE], searches: ['svc.cluster.local'] },
      }),
    ),
  ],
})
const lost: Fault = ruleFault({
  name: 'rules',
  summary: '',
  looks: [],
  rules: () => [
    {
      place: { kind: 'node', name: 'node2' },
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `-p udp --dport 53 -m conntrack --ctstate DNAT -m string --algo bm --hex-string ${AAAA} -m statistic --mode random --probability 0.5 -j DROP`,
    },
  ],
})

export const conntrackRace: Fault = together(
  {
    name: 'conntrack-race',
    needs: 'netns',
    summary:
      'node2: of two queries from one port, A and AAAA, one is lost now and then on its way to the Service IP: names take 5 s',
    imitated:
      'a rule drops every second AAAA query in POSTROUTING, where the kernel enters flows into its table and would lose one of two that collide: insert_failed stays at 0',
    shownBy: ['--from', `default/${POD}`],
    looks: [
      run(`default/${POD}`, `s=$(date +%s); for i in 1 2 3 4; do ${RESOLVE}; done; echo took $(($(date +%s) - s)) s`, {
        broken: /took ([5-9]|1\d|2\d) s/,
      }),
      madeObject('pod', POD),
    ],
  },
  client,
  lost,
)
