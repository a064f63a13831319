// What faults can change in a loopback lab.
import { connect } from 'node:net'
import type { FaultStage } from '../faults/fault.ts'
import { NODE_TYPE } from '../cluster/resource-types.ts'
import type { LoopbackLab } from './loopback-lab.ts'
import { podStage } from './pod-stage.ts'
import type { Origin } from './switchboard.ts'

/** The stage that a lab in this process gives to faults. */
export function loopbackStage(lab: LoopbackLab): FaultStage {
  const { store, nodeFiles, pods, proxy, switchboard } = lab
  const originOfNode = (name: string): Origin | undefined => lab.originOfNode(name)
  return {
    store,
    nodeFiles,
    podStarted: ({ metadata }) => pods.whenStarted(metadata.namespace ?? 'default', metadata.name),
    ...podStage(pods),
    setServiceRules: (node, present) => Promise.resolve(proxy.setRules(node, present)),
    hasServiceRules: (node) => Promise.resolve(proxy.hasRules(node)),
    connect(endpoint) {
      const [first] = store.list(NODE_TYPE)
      const origin = originOfNode(first?.metadata.name ?? '')
      const reach = origin === undefined ? undefined : switchboard.resolve(origin, endpoint)
      if (reach?.kind !== 'port') return Promise.reject(new Error(`nobody answers at ${endpoint.address}`))
      return new Promise((resolve, reject) => {
        const socket = connect(reach.endpoint.port, reach.endpoint.address, () => resolve(socket))
        socket.once('error', reject)
      })
    },
    kernel: undefined,
  }
}
