import type { Fault, KernelPlace } from './fault.ts'
import { kernelOf, mustRunIn, ruleFault } from './kernel-fault.ts'
import type { PlacedRule } from './kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, dig, run } from './look.ts'
import { together } from './together.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }
/** No part of a cluster uses this bit of a packet's mark. */
const MARK = '0x10000/0x10000'
const TABLE = 'wrong_checksum'
const SCRIPT = `table ip ${TABLE} {
  chain out {
    type filter hook postrouting priority 300;
    udp dport 8472 meta mark & 0x10000 == 0x10000 udp checksum set 0xbad1
  }
}
`
const TRANSLATED = '-o flannel.1 -p udp -m conntrack --ctstate DNAT'

/** What a kernel's counting would find: between veth devices it trusts the sender instead. The offset is that of the checksum, behind an IP header of any length. */
const WRONG = '0>>22&0x3C@4&0xFFFF=0xbad1'

const marked: Fault = ruleFault({
  name: 'marks',
  summary: '',
  looks: [],
  rules: ({ nodes }) => [
    {
      place: PLACE,
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `${TRANSLATED} -j MARK --set-xmark ${MARK}`,
    },
    ...nodes.map((name): PlacedRule => ({
      place: { kind: 'node', name },
      table: 'raw',
      chain: 'PREROUTING',
      rule: `-p udp --dport 8472 -m u32 --u32 ${WRONG} -j DROP`,
    })),
  ],
})

export const vxlanChecksumOffload: Fault = together(
  {
    name: 'vxlan-checksum-offload',
    needs: 'flannel',
    summary: `flannel: datagrams for a Service IP leave ${PLACE.name} in VXLAN with a wrong checksum, and the other node drops them; pod IPs answer`,
    imitated:
      'packet filters write the wrong checksum and drop what has it, in the place of a network card that miscounts and a kernel that counts after it',
    shownBy: ['--from', 'default/console'],
    looks: [
      dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`),
      dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
      run(
        'node/node2',
        `timeout 5 tcpdump -vvnnl -i eth0 -c 1 'udp dst port 8472 and udp[6:2] = 0xbad1' 2>/dev/null & sleep 0.5; dig +time=1 +tries=1 +notcp @${DNS_SERVICE} ${NAME}; wait`,
        { broken: /bad udp cksum 0xbad1/ },
      ),
    ],
  },
  marked,
  {
    async inject(stage) {
      const kernel = kernelOf(stage)
      await mustRunIn(kernel, PLACE, ['nft', '-f', '-'], SCRIPT)
      return async () => {
        await kernel.run(PLACE, ['nft', 'delete', 'table', 'ip', TABLE])
      }
    },
    async isThere(stage) {
      const { status } = await kernelOf(stage).run(PLACE, ['nft', 'list', 'table', 'ip', TABLE])
      return status === 0
    },
  },
)
