// Which pod of a node serves a purpose: the one at an address, or one whose image has the tools to look at the node.
import { isIP } from 'node:net'
import type { Container, Pod } from '../../kube/objects/index.ts'

/** A pod, and the container in it that is meant. */
export interface ChosenContainer {
  readonly pod: Pod
  readonly container: string
}

/** The running pod at an address; of those that share their node's, one that names the port, else any. */
export function podAt(pods: readonly Pod[], address: string, port: number): Pod | undefined {
  const there = pods.filter(({ phase, podIPs }) => phase === 'Running' && podIPs.includes(address))
  return there.find(({ spec }) => spec.containers.some((container) => hasPort(container, port))) ?? there[0]
}

function hasPort({ ports }: Container, port: number): boolean {
  return ports.some(({ containerPort }) => containerPort === port)
}

/** Images that ship conntrack, iptables, a shell and cat (distroless-iptables), in the order of preference. */
const TOOL_IMAGES: readonly RegExp[] = [
  /(^|\/)kube-proxy(-[a-z0-9]+)?[:@]/,
  /(^|\/)k8s-dns-node-cache(-[a-z0-9]+)?[:@]/,
]

/** The container that shows a node's own network namespace, and has tools; undefined where there is none. */
export function toolContainer(pods: readonly Pod[], node: string): ChosenContainer | undefined {
  const onNode = pods.filter(({ spec, phase }) => spec.nodeName === node && spec.hostNetwork && phase === 'Running')
  for (const pattern of TOOL_IMAGES) {
    for (const pod of onNode) {
      const container = pod.spec.containers.find(({ image }) => pattern.test(`${image}:`))
      if (container !== undefined) return { pod, container: container.name }
    }
  }
  return undefined
}

/** Whether a pod's resolv.conf is its node's: kubelet copies it when the pod starts. */
export function hasNodeResolvConf({ spec }: Pod): boolean {
  return spec.dnsPolicy === 'Default' || (spec.hostNetwork && spec.dnsPolicy === 'ClusterFirst')
}

/** Loopback and link-local addresses mean another machine wherever they are dialed. */
export function isNodeLocal(address: string): boolean {
  if (isIP(address) === 6) return address === '::1' || /^fe[89ab]/i.test(address)
  return address.startsWith('127.') || address.startsWith('169.254.')
}
