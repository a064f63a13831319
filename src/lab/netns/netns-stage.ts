// What faults can change in a lab of namespaces.
import type { FaultStage } from '../faults/fault.ts'
import { podStage } from '../loopback/pod-stage.ts'
import { kernelStage } from './kernel-stage.ts'
import { connectInside } from './namespace-sockets.ts'
import type { NetnsLab } from './netns-lab.ts'

/** How long a connection may take, in milliseconds. */
const CONNECT_MS = 2000

/** The stage that a lab in this process gives to faults. */
export function netnsStage(lab: NetnsLab): FaultStage {
  const { store, network, nodeFiles, pods, proxy } = lab.parts
  return {
    store,
    nodeFiles,
    async podStarted({ metadata }) {
      await pods.settled()
      await pods.whenStarted(metadata.namespace ?? 'default', metadata.name)
    },
    ...podStage(pods),
    setServiceRules: (node, present) => (present ? proxy.start(node) : proxy.removeRules(node)),
    hasServiceRules: (node) => proxy.hasRules(node),
    connect: (endpoint) => connectInside(network.topology.nodes[0]?.namespace ?? '', endpoint, CONNECT_MS),
    kernel: kernelStage(lab),
  }
}
