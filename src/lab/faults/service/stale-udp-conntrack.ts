import { textAt } from '../../cluster/raw-object.ts'
import { POD_TYPE } from '../../cluster/resource-types.ts'
import { LabError } from '../../cluster/lab-error.ts'
import { deadAddressBeside } from '../support/dead-address.ts'
import { dnsService } from '../support/dns-objects.ts'
import type { Fault, FaultStage, KernelPlace } from '../fault.ts'
import { kernelOf, mustRunIn } from '../support/kernel-fault.ts'
import { coreDnsPods } from '../support/pods.ts'
import { ANSWERED, CONSOLE, DNS_SERVICE, NAME, dig, run } from '../look.ts'

const CLIENT = { namespace: 'default', name: 'console' }
const FROM_PORT = 40_053
/** Until the first query refreshes it, in seconds. */
const ENTRY_S = 30

interface Flow {
  readonly node: KernelPlace
  readonly client: string
  readonly service: string
  readonly dead: string
}

// As it is after a CoreDNS pod moved while a proxy kept asking from one port: its flow goes where the first datagram went.
export const staleUdpConntrack: Fault = {
  name: 'stale-udp-conntrack',
  summary: `the node of default/console remembers a flow from port ${FROM_PORT} to a CoreDNS pod that is gone: that client times out, all others are fine`,
  needs: 'netns',
  looks: [
    run('node/node2', `conntrack -L -p udp --orig-port-src ${FROM_PORT}`, {
      broken: /dst=10\.233\.0\.3 sport=40053 dport=53 \[UNREPLIED\] src=10\.233\.\d+\.\d+/,
      whole: /^(?![^]*sport=40053)/,
    }),
    dig(CONSOLE, `+notcp @${DNS_SERVICE} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const kernel = kernelOf(stage)
    const { node, client, service, dead } = flowOf(stage)
    const remove = async (): Promise<void> => {
      const match = ['-p', 'udp', '--orig-src', client, '--orig-dst', service, '--orig-port-src', String(FROM_PORT)]
      await kernel.run(node, ['conntrack', '-D', ...match])
    }
    await remove()
    const ends = ['-s', client, '-d', service, '-r', dead, '-q', client]
    const ports = ['--sport', FROM_PORT, '--dport', 53, '--reply-port-src', 53, '--reply-port-dst', FROM_PORT]
    await mustRunIn(kernel, node, [
      'conntrack',
      '-I',
      '-p',
      'udp',
      '-t',
      String(ENTRY_S),
      ...ends,
      ...ports.map(String),
    ])
    const stopAsking = kernel.keepAsking({ kind: 'pod', ...CLIENT }, { fromPort: FROM_PORT, server: service })
    return async () => {
      stopAsking()
      await remove()
    }
  },
  async isThere(stage) {
    const { node, dead } = flowOf(stage)
    const { stdout } = await kernelOf(stage).run(node, ['conntrack', '-L', '-p', 'udp', '--reply-src', dead])
    return stdout.includes(dead)
  },
}

/** @throws {LabError} `not-supported` when the cluster lacks what is needed */
function flowOf(stage: FaultStage): Flow {
  const pod = stage.store.get(POD_TYPE, CLIENT.namespace, CLIENT.name)
  const service = dnsService(stage)
  const [replica] = coreDnsPods(stage)
  if (pod === undefined || service === undefined || replica === undefined) {
    throw new LabError('not-supported', 'Cannot inject the fault: it needs pod default/console and a DNS Service')
  }
  return {
    node: { kind: 'node', name: textAt(pod, 'spec', 'nodeName') },
    client: textAt(pod, 'status', 'podIP'),
    service: textAt(service, 'spec', 'clusterIP'),
    dead: deadAddressBeside(stage, textAt(replica, 'status', 'podIP')),
  }
}
