import type { Fault } from '../fault.ts'
import { ruleFault } from '../support/kernel-fault.ts'
import { ANSWERED, dig } from '../look.ts'

const UPSTREAM = '100.64.11.3'

export const upstreamHealthCheckMismatch: Fault = ruleFault({
  name: 'upstream-health-check-mismatch',
  summary: `the upstream ${UPSTREAM} answers over TCP alone: forward asks over UDP and takes it for dead`,
  shownBy: ['--from', 'node/node4', '--name', 'www.example.com'],
  looks: [
    dig('node/node4', `+notcp @${UPSTREAM} www.example.com`),
    dig('node/node4', `+tcp @${UPSTREAM} www.example.com`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  rules: () => [
    {
      place: { kind: 'upstream', address: UPSTREAM },
      table: 'raw',
      chain: 'PREROUTING',
      rule: '-p udp --dport 53 -j DROP',
    },
  ],
})
