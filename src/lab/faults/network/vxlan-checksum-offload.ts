import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf, mustRunIn, ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, dig, run } from '../look.ts'
import { together } from '../support/together.ts'

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
const TRANSLATED = '-o flannel.1 -m conntrack --ctstate DNAT'

const marked: Fault = ruleFault({
  name: 'marks',
  summary: '',
  looks: [],
  rules: () => [
    {
      place: PLACE,
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `${TRANSLATED} -j MARK --set-xmark ${MARK}`,
    },
    // Written in full: what a sender leaves to its card the other kernel would take on trust, as no card lies between them.
    {
      place: PLACE,
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `-p udp --dport 8472 -m mark --mark ${MARK} -j CHECKSUM --checksum-fill`,
    },
  ],
})

export const vxlanChecksumOffload: Fault = together(
  {
    name: 'vxlan-checksum-offload',
    needs: 'flannel',
    summary: `flannel: packets for a Service IP leave ${PLACE.name} in VXLAN with a wrong checksum, and the other node drops them; pod IPs answer`,
    imitated:
      'a packet filter writes the wrong checksum, in the place of a network card that miscounts; the other node drops and counts what has it by itself',
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
