// What a fault is: what it changes in a running lab, and how that is undone. Faults know the stage, never the doctor.
import type { Duplex } from 'node:stream'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { ObjectStore } from '../cluster/object-store.ts'
import type { NodeFiles } from '../cluster/pod-files.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import type { ToolResult } from '../netns/run-tool.ts'
import type { Look } from './look.ts'

/**
 * What a fault can change; each grade of the lab offers the same.
 *
 * What it does to a pod holds through restarts by others, until it is taken back or the pod is deleted.
 */
export interface FaultStage {
  readonly store: ObjectStore
  readonly nodeFiles: NodeFiles
  /** Resolves when the programs of a new pod run and are ready, or have failed. */
  podStarted(pod: RawObject): Promise<void>
  /** Ends a pod's programs and starts them anew, its files made again; one that crashes does so again. */
  restartPod(pod: RawObject): Promise<void>
  /** Ends a pod's programs and shows it as crashing, with these last words. */
  crashPod(pod: RawObject, why: string): Promise<void>
  isCrashed(pod: RawObject): boolean
  /** Takes {@link crashPod} back; a pod that does not crash is left alone. */
  recoverPod(pod: RawObject): Promise<void>
  /** Gives one pod another content for a file than its mounts do, from its next start on; says whether that is new. */
  overrideFile(pod: RawObject, file: { readonly path: string; readonly text: string | undefined }): boolean
  overriddenFile(pod: RawObject, path: string): string | undefined
  /** Says before it happens that one pod takes another one's place, so that what holds for that one goes on. */
  podReplaced(from: RawObject, to: RawObject): void
  /** Takes kube-proxy's rules for Service IPs away on a node, or writes them again, as a kube-proxy that starts there does. */
  setServiceRules(node: string, present: boolean): Promise<void>
  hasServiceRules(node: string): Promise<boolean>
  /** Connects over TCP from the cluster's first node. Rejects with a reason that a person can read. */
  connect(endpoint: Endpoint): Promise<Duplex>
  /** What only a lab of network namespaces has; undefined on loopback. */
  readonly kernel: KernelStage | undefined
}

/** A place whose kernel tables a fault changes; `underlay` is the network between the nodes. */
export type KernelPlace =
  | { readonly kind: 'node'; readonly name: string }
  | { readonly kind: 'pod'; readonly namespace: string; readonly name: string }
  | { readonly kind: 'underlay' }
  | { readonly kind: 'upstream'; readonly address: string }

/** The kernels of a lab of network namespaces: what faults do there, anybody could do with `ip` and `iptables`. */
export interface KernelStage {
  readonly cni: 'calico' | 'flannel'
  /** Names of the nodes. */
  readonly nodes: readonly string[]
  /** All pods' addresses, as ADDRESS/LENGTH. */
  readonly podCidr: string
  /** Runs a program of this machine in a place's network; a failure is a result, not an exception. */
  run(place: KernelPlace, command: readonly string[], input?: string): Promise<ToolResult>
  /** A kernel setting below /proc/sys; undefined when this kernel lacks it. */
  setting(place: KernelPlace, name: string): string | undefined
  setSetting(place: KernelPlace, name: string, value: string): void
  /** The device between the switch and a node, in the underlay. */
  portOf(node: string): string
  /** Connects a node's VXLAN device anew with another UDP port; flannel only. */
  setVxlanPort(node: string, port: number): Promise<void>
  /** Stops writing a node's rules for Service IPs, or goes on with it; kube-proxy seems to run all the same. */
  setRulesFrozen(node: string, frozen: boolean): Promise<void>
  /** Takes a port of every address there, for UDP and TCP, as a program does that never answers; the result gives it back. */
  hold(place: KernelPlace, port: number): Promise<() => void>
  /**
   * Holds the datagrams that a rule of this place hands over with NFQUEUE, and lets two of one socket go together, so that the kernel
   * loses one of two that go different ways; the result ends that. Undefined where the kernel has no packet queues.
   */
  readonly collide: ((place: KernelPlace, queue: number) => () => void) | undefined
  /** Calls whenever an address of a place's device comes or goes, until the result ends that. */
  watchAddresses(place: KernelPlace, device: string, onChange: () => void): () => void
  /** Process numbers of the programs that run in a place. */
  processes(place: KernelPlace): Promise<number[]>
  /**
   * Asks a DNS server over UDP from one fixed port of a pod every few seconds, as proxies do, and lets nobody else use that port;
   * the result ends that.
   */
  keepAsking(place: KernelPlace, query: { readonly fromPort: number; readonly server: string }): () => void
}

/** Takes back what the fault changed and what is still so, and nothing else: other faults may be in, and people repair by hand. */
export type Undo = () => Promise<void>

export interface Fault {
  readonly name: string
  /** Code of the cause that a diagnosis should find; default: the name. */
  readonly cause?: string
  /** What the lab must be for it; default: any. */
  readonly needs?: 'calico' | 'flannel' | 'netns'
  /** One line: what is broken and how it feels. */
  readonly summary: string
  /**
   * What of it is not the thing itself but stands for it, and what for: a rule for a bug of the kernel, a name of an image for its
   * programs. Absent when all is real.
   */
  readonly imitated?: string
  /** Plain tools that show it: one look at least shows it broken, and one whole again. */
  readonly looks: readonly Look[]
  /** A question that shows it: arguments of `fathom doctor`; absent when the plain run does. */
  readonly shownBy?: readonly string[]
  inject(stage: FaultStage): Promise<Undo>
  /** Whether any of what it changed is still so; false once somebody repaired it by hand. */
  isThere(stage: FaultStage): boolean | Promise<boolean>
}
