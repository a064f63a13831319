import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf, mustRunIn } from '../support/kernel-fault.ts'
import { CONSOLE, NAME, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }
/** What Docker wrote before the upgrade, and nobody sees any more who looks with the other iptables. */
const OLD_RULES = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
:DOCKER - [0:0]
-A PREROUTING -m addrtype --dst-type LOCAL -j DOCKER
-A OUTPUT ! -d 127.0.0.0/8 -m addrtype --dst-type LOCAL -j DOCKER
-A POSTROUTING -s 172.17.0.0/16 ! -o docker0 -j MASQUERADE
-A DOCKER -i docker0 -j RETURN
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD DROP [0:0]
:OUTPUT ACCEPT [0:0]
:DOCKER - [0:0]
:DOCKER-ISOLATION-STAGE-1 - [0:0]
:DOCKER-ISOLATION-STAGE-2 - [0:0]
:DOCKER-USER - [0:0]
-A FORWARD -j DOCKER-USER
-A FORWARD -j DOCKER-ISOLATION-STAGE-1
-A FORWARD -o docker0 -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A FORWARD -o docker0 -j DOCKER
-A FORWARD -i docker0 ! -o docker0 -j ACCEPT
-A FORWARD -i docker0 -o docker0 -j ACCEPT
-A DOCKER-ISOLATION-STAGE-1 -i docker0 ! -o docker0 -j DOCKER-ISOLATION-STAGE-2
-A DOCKER-ISOLATION-STAGE-1 -j RETURN
-A DOCKER-ISOLATION-STAGE-2 -o docker0 -j DROP
-A DOCKER-ISOLATION-STAGE-2 -j RETURN
-A DOCKER-USER -j RETURN
COMMIT
`
const NO_RULES = `*nat
:PREROUTING ACCEPT [0:0]
:INPUT ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
:POSTROUTING ACCEPT [0:0]
COMMIT
*filter
:INPUT ACCEPT [0:0]
:FORWARD ACCEPT [0:0]
:OUTPUT ACCEPT [0:0]
COMMIT
`

export const mixedIptablesBackends: Fault = {
  name: 'mixed-iptables-backends',
  needs: 'netns',
  summary: `${PLACE.name}: iptables-legacy has Docker's rules of before an upgrade, with the FORWARD policy DROP, kube-proxy writes to nf_tables: pods reach nothing beyond the node`,
  shownBy: ['--from', 'default/console'],
  looks: [
    run(`node/${PLACE.name}`, 'iptables-legacy-save 2>/dev/null', {
      broken: /:FORWARD DROP/,
      whole: /^(?![^]*:FORWARD DROP)/,
    }),
    run(`node/${PLACE.name}`, 'iptables-nft -S FORWARD', { broken: /-P FORWARD ACCEPT/, whole: /-P FORWARD ACCEPT/ }),
    dig(CONSOLE, `+notcp @{coredns@node3} ${NAME}`),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    await mustRunIn(kernel, PLACE, ['iptables-legacy-restore'], OLD_RULES)
    return async () => {
      await mustRunIn(kernel, PLACE, ['iptables-legacy-restore'], NO_RULES)
    }
  },
  async isThere(stage) {
    const { stdout } = await kernelOf(stage).run(PLACE, ['iptables-legacy', '-S', 'FORWARD'])
    return stdout.startsWith('-P FORWARD DROP')
  },
}
