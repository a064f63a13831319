import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault, FaultStage, KernelPlace } from '../fault.ts'
import { kernelOf, ruleFault } from '../support/kernel-fault.ts'
import { DNS_SERVICE, madeObject, run } from '../look.ts'
import { idlePod } from '../support/made-objects.ts'
import { together } from '../support/together.ts'

const POD = 'racer'
const NODE: KernelPlace = { kind: 'node', name: 'node2' }
const QUEUE = 53
/** The end of a qname, type AAAA, class IN. */
const AAAA = '|00001c0001|'
/** With getaddrinfo, as most programs do: A and AAAA from one socket. */
const RESOLVE = "{node} -e 'require(`dns`).lookup(`kubernetes.default.svc.cluster.local`,{all:true},()=>{})'"
// The first that is lost ends it: every other one takes 5 s, and a look has 30.
const UNTIL_LOST = `for i in 1 2 3 4 5 6 7 8 9 10; do s=$(date +%s); ${RESOLVE}; t=$(($(date +%s) - s)); [ $t -ge 5 ] && break; done`

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

/** Whoever holds the datagrams; it ends with the lab's process, and the rule lets everything pass then. */
const holder = {
  inject: (stage: FaultStage): Promise<() => Promise<void>> => {
    const end = kernelOf(stage).collide?.(NODE, QUEUE)
    return Promise.resolve(() => {
      end?.()
      return Promise.resolve()
    })
  },
  isThere: (): boolean => false,
}

// The last place before the kernel enters a flow into its table, when it has chosen addresses and ports for both directions.
const handedOver: Fault = ruleFault({
  name: 'rules',
  summary: '',
  looks: [],
  rules: ({ collide, podCidr }) => {
    const toReplicas = `-p udp -s ${podCidr} --dport 53 -m conntrack --ctstate DNAT`
    const held = `${toReplicas} -j NFQUEUE --queue-num ${QUEUE} --queue-bypass`
    // One of three: the query of a name, not its resend, not the query of the next name.
    const dropped = `${toReplicas} -m string --algo bm --hex-string ${AAAA} -m statistic --mode nth --every 3 --packet 0 -j DROP`
    return [
      collide === undefined
        ? { place: NODE, table: 'mangle', chain: 'POSTROUTING', rule: dropped }
        : { place: NODE, table: 'nat', chain: 'POSTROUTING', rule: held },
    ]
  },
})

export const conntrackRace: Fault = together(
  {
    name: 'conntrack-race',
    needs: 'netns',
    summary:
      'node2: of two queries from one port, A and AAAA, one is lost when they go to different replicas: every other name takes 5 s',
    imitated:
      'both queries are held by NFQUEUE before the kernel enters them into its table and let go together, so that they always race; kernels from 5.6 on would let the second pass, so an entry that has its reply already keeps them from it. Without NFQUEUE a rule drops the AAAA query of every other name there, and insert_failed stays at 0',
    shownBy: ['--from', `default/${POD}`],
    looks: [
      run(`default/${POD}`, `${UNTIL_LOST}; echo took $t s`, {
        broken: /took ([5-9]|[1-4]\d) s/,
      }),
      // Without NFQUEUE nothing is counted: then the rule is there that drops what a race would.
      run(
        `node/${NODE.name}`,
        'conntrack -S | grep -o "insert_failed=[0-9]*"; iptables-save -t mangle | grep 00001c0001',
        {
          broken: /insert_failed=[1-9]|00001c0001/,
        },
      ),
      madeObject('pod', POD),
    ],
  },
  client,
  holder,
  handedOver,
)
