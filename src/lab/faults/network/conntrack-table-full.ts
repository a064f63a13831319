import { LabError } from '../../cluster/lab-error.ts'
import type { Fault, KernelPlace } from '../fault.ts'
import { kernelOf } from '../support/kernel-fault.ts'
import { CONSOLE, DNS_SERVICE, NAME, dig, run } from '../look.ts'

const PLACE: KernelPlace = { kind: 'node', name: 'node2' }
const COUNT = 'net/netfilter/nf_conntrack_count'
const LIMIT = 'net/netfilter/nf_conntrack_max'
/** An entry takes some 400 octets of the kernel's memory: more than this would be rude. */
const MOST = 524_288
const PORTS_PER_ADDRESS = 50_000
const FIRST_PORT = 10_000
/** Flows that come later start somewhere here: most of them are new. */
const SPREAD = 100_000_000
/** Share of the table from which on it counts as full. */
const FULL = 0.9
const AGAIN_MS = 500
/** Node's own pipes are sockets, which cannot be opened by a path. */
const RESTORE = ['sh', '-c', 'cat | conntrack -R /dev/stdin']
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
    const fill = async (): Promise<void> => {
      const missing = limit - Number(kernel.setting(PLACE, COUNT))
      if (missing > 0) await kernel.run(PLACE, RESTORE, flows(missing, Date.now()))
    }
    // All of them ours: those that end make room.
    await kernel.run(PLACE, ['conntrack', '-F'])
    // It ends with "not enough memory" when others take the last places meanwhile.
    const { stderr } = await kernel.run(PLACE, RESTORE, flows(limit - Number(kernel.setting(PLACE, COUNT)), 0))
    if (Number(kernel.setting(PLACE, COUNT)) < limit * FULL) {
      throw new LabError('not-supported', `Cannot fill the table of ${PLACE.name}: ${stderr.trim()}`)
    }
    const over = new AbortController()
    const turns = (async () => {
      while (!over.signal.aborted) {
        await fill()
        await new Promise((resolve) => {
          setTimeout(resolve, AGAIN_MS).unref()
        })
      }
    })()
    return async () => {
      over.abort()
      await turns
      await kernel.run(PLACE, ['conntrack', '-F'])
    }
  },
  isThere: (stage) => {
    const kernel = kernelOf(stage)
    return Number(kernel.setting(PLACE, COUNT)) > Number(kernel.setting(PLACE, LIMIT)) * FULL
  },
}

/** Connections that seem to be in use, for the kernel makes room at the cost of those that are not. */
function flows(count: number, from: number): string {
  const lines = Array.from({ length: count }, (_value, offset) => {
    const index = offset + (from % SPREAD)
    const number = 1 + Math.floor(index / PORTS_PER_ADDRESS)
    const client = `198.18.${Math.floor(number / 256) % 256}.${number % 256}`
    const port = FIRST_PORT + (index % PORTS_PER_ADDRESS)
    const ends = `-s ${client} -d ${SERVER} -r ${SERVER} -q ${client}`
    const ports = `--sport ${port} --dport 80 --reply-port-src 80 --reply-port-dst ${port}`
    return `-A -p tcp --state ESTABLISHED -t ${TIMEOUT_S} ${ends} ${ports} -u ASSURED\n`
  })
  return lines.join('')
}
