import { LabError } from '../cluster/lab-error.ts'
import type { Fault, KernelPlace } from './fault.ts'
import { kernelOf, mustRunIn } from './kernel-fault.ts'
import { CONSOLE, DNS_SERVICE, NAME, dig, run } from './look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }
const COUNT = 'net/netfilter/nf_conntrack_count'
const LIMIT = 'net/netfilter/nf_conntrack_max'
/** An entry takes some 400 octets of the kernel's memory: more than this would be rude. */
const MOST = 524_288
const PORTS_PER_ADDRESS = 50_000
const FIRST_PORT = 10_000
/** Longer than anybody looks at it, in seconds. */
const TIMEOUT_S = 86_400
/** Of the block for benchmarks (RFC 2544). */
const SERVER = '198.19.0.1'

export const conntrackTableFull: Fault = {
  name: 'conntrack-table-full',
  needs: 'netns',
  summary: `${PLACE.name}: as many flows as its kernel remembers: every new one is dropped, queries to the Service IP among them`,
  shownBy: ['--from', 'default/console'],
  looks: [
    run(
      `node/${PLACE.name}`,
      'echo $(($(cat /proc/sys/net/netfilter/nf_conntrack_count) * 100 / $(cat /proc/sys/net/netfilter/nf_conntrack_max)))%',
      {
        broken: /^(99|100)%/,
        whole: /^\d?%/,
      },
    ),
    dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    const limit = Number(kernel.setting(PLACE, LIMIT))
    if (!(limit <= MOST)) {
      throw new LabError(
        'not-supported',
        `Cannot fill the table of ${PLACE.name}: it holds ${limit} flows, at most ${MOST} are filled`,
      )
    }
    const missing = limit - Number(kernel.setting(PLACE, COUNT))
    await mustRunIn(kernel, PLACE, ['sh', '-c', 'cat | conntrack -R /dev/stdin'], flows(missing))
    return async () => {
      await kernel.run(PLACE, ['conntrack', '-F'])
    }
  },
  isThere: (stage) => {
    const kernel = kernelOf(stage)
    return Number(kernel.setting(PLACE, COUNT)) > Number(kernel.setting(PLACE, LIMIT)) * 0.9
  },
}

/** Connections that seem to be in use, for the kernel makes room at the cost of those that are not. */
function flows(count: number): string {
  const lines = Array.from({ length: count }, (_value, index) => {
    const client = `198.18.0.${1 + Math.floor(index / PORTS_PER_ADDRESS)}`
    const port = FIRST_PORT + (index % PORTS_PER_ADDRESS)
    const ends = `-s ${client} -d ${SERVER} -r ${SERVER} -q ${client}`
    const ports = `--sport ${port} --dport 80 --reply-port-src 80 --reply-port-dst ${port}`
    return `-A -p tcp --state ESTABLISHED -t ${TIMEOUT_S} ${ends} ${ports} -u ASSURED\n`
  })
  return lines.join('')
}
