// The two grades of the lab behind one interface, as the register needs them.
import type { Place, Skipped } from '../../vantage/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { NamespaceTarget } from '../../vantage/index.ts'
import type { ClusterDescription } from '../cluster/description.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { FaultStage } from '../faults/fault.ts'
import { LoopbackLab } from '../loopback/loopback-lab.ts'
import { loopbackPlaces } from '../loopback/loopback-places.ts'
import { loopbackStage } from '../loopback/loopback-stage.ts'
import type { Reach } from '../loopback/switchboard.ts'
import type { CniName } from '../netns/network/cni.ts'
import { NetnsLab } from '../netns/netns-lab.ts'
import { netnsAddresses, netnsNotes, netnsPlaces } from '../netns/netns-places.ts'
import { netnsStage } from '../netns/netns-stage.ts'
import type { ProgramPaths } from '../netns/pods/programs.ts'

export interface LabAddress {
  readonly who: string
  /** ADDRESS or ADDRESS:PORT in the cluster. */
  readonly address: string
  /** Where that is on this machine: a loopback ADDRESS:PORT, or the name of a network namespace. */
  readonly at: string
}

/** A lab of either grade that runs in this process. */
export interface GradedLab {
  /** URL of the API server. */
  readonly server: string
  readonly stage: FaultStage
  kubeconfig(name: string): string
  addresses(): readonly LabAddress[]
  /** What this machine cannot do as a cluster's node would, one line each. */
  readonly notes: readonly string[]
  /** Loopback grade: where a call from a place really ends. Undefined when there is no such place. */
  resolve(place: Place, endpoint: Endpoint): Promise<Reach | undefined>
  readFile(place: Place, path: string): Promise<string | undefined>
  /** Namespace grade: what to enter for a place. */
  locate(place: Place): Promise<NamespaceTarget | Skipped>
  /** Namespace grade: the words before a command that run it in a place. @throws {LabError} */
  enter(place: Place): Promise<string[]>
  close(): Promise<void>
}

export interface NetnsOptions {
  readonly cni: CniName
  readonly programs: ProgramPaths
}

/** Starts a lab of the wanted grade. @throws {LabError} */
export function startGrade(
  description: ClusterDescription,
  {
    name,
    netns,
    signal,
  }: { readonly name: string; readonly netns: NetnsOptions | undefined; readonly signal: AbortSignal | undefined },
): Promise<GradedLab> {
  return netns === undefined ? startLoopback(description) : startNetns(description, { ...netns, name, signal })
}

async function startLoopback(description: ClusterDescription): Promise<GradedLab> {
  const lab = await LoopbackLab.start(description)
  const noPlace = new LabError(
    'not-supported',
    'Cannot run a command in a pod: the pods of a loopback lab are no places of their own; "fathom lab up --grade netns" (root) makes some, "fathom doctor --lab --from NAMESPACE/POD" asks from one of these',
  )
  return {
    ...loopbackPlaces(lab),
    server: lab.api.url,
    stage: loopbackStage(lab),
    kubeconfig: (name) => lab.kubeconfig(name),
    addresses: () => lab.addresses().map(({ who, address, loopback }) => ({ who, address, at: loopback })),
    notes: [],
    locate: () => Promise.reject(noPlace),
    enter: () => Promise.reject(noPlace),
    close: () => lab.close(),
  }
}

async function startNetns(
  description: ClusterDescription,
  options: NetnsOptions & { readonly name: string; readonly signal: AbortSignal | undefined },
): Promise<GradedLab> {
  const lab = await NetnsLab.start(description, options)
  return {
    ...netnsPlaces(lab),
    server: lab.parts.api.url,
    stage: netnsStage(lab),
    kubeconfig: (name) => lab.kubeconfig(name),
    addresses: () => netnsAddresses(lab),
    notes: netnsNotes(lab),
    resolve: () => Promise.resolve(undefined),
    close: () => lab.close(),
  }
}
