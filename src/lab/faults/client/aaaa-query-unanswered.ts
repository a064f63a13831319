import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, dig } from '../look.ts'

const UPSTREAM = '100.64.11.3'
/** The end of a qname, type AAAA, class IN. */
const AAAA = '|00001c0001|'

export const aaaaQueryUnanswered: Fault = ruleFault({
  name: 'aaaa-query-unanswered',
  summary: `the upstream ${UPSTREAM} never answers AAAA: clients that ask for both wait for it`,
  shownBy: ['--from', 'node/node4', '--name', 'www.example.com', '--type', 'AAAA'],
  looks: [
    dig('node/node4', `@${UPSTREAM} AAAA www.example.com`),
    dig('node/node4', `@${UPSTREAM} A www.example.com`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  rules: () =>
    ['udp', 'tcp'].map((protocol) => ({
      place: { kind: 'upstream', address: UPSTREAM },
      table: 'raw',
      chain: 'PREROUTING',
      rule: `-p ${protocol} --dport 53 -m string --algo bm --hex-string ${AAAA} -j DROP`,
    })),
})
