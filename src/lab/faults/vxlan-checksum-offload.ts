import type { Fault, KernelPlace } from './fault.ts'
import { kernelOf, mustRunIn, ruleFault } from './kernel-fault.ts'
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

// The inner checksum is finished first: the receiver does not look at the outer one of a datagram whose inner one is still to do.
const marked: Fault = ruleFault({
  name: 'marks',
  summary: '',
  looks: [],
  rules: () =>
    ['CHECKSUM --checksum-fill', `MARK --set-xmark ${MARK}`].map((target) => ({
      place: PLACE,
      table: 'mangle',
      chain: 'POSTROUTING',
      rule: `${TRANSLATED} -j ${target}`,
    })),
})

export const vxlanChecksumOffload: Fault = together(
  {
    name: 'vxlan-checksum-offload',
    needs: 'flannel',
    summary: `flannel: datagrams for a Service IP leave ${PLACE.name} in VXLAN with a wrong checksum, and the other node drops them; pod IPs answer`,
    imitated: 'a packet filter writes the wrong checksum, in the place of a kernel or network card that miscounts',
    shownBy: ['--from', 'default/console'],
    looks: [
      dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`),
      dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
      run('node/node3', 'cat /proc/net/snmp', { broken: /^Udp:( \d+){6} [1-9]\d* /m }),
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
