// What a fault is: what it changes in a running lab, and how that is undone. Faults know the stage, never the doctor.
import type { ObjectStore } from '../cluster/object-store.ts'
import type { NodeFiles } from '../cluster/pod-files.ts'

/** What a fault can change; each grade of the lab offers the same. */
export interface FaultStage {
  readonly store: ObjectStore
  readonly nodeFiles: NodeFiles
  /** Resolves when the programs of a new pod run and are ready, or have failed. */
  podStarted(namespace: string, name: string): Promise<void>
  /** Ends a pod's programs and starts them anew, its files made again. */
  restartPod(namespace: string, name: string): Promise<void>
  /** Ends a pod's programs and shows it as crashing, with these last words. */
  crashPod(namespace: string, name: string, why: string): Promise<void>
  /** Gives one pod another content for a file than its mounts do, from its next start on; undefined takes that back. */
  overrideFile(
    namespace: string,
    name: string,
    file: { readonly path: string; readonly text: string | undefined },
  ): void
  /** Takes kube-proxy's rules for Service IPs away on a node, or writes them again. */
  setServiceRules(node: string, present: boolean): void
}

/** Brings back what was there before. */
export type Undo = () => Promise<void>

export interface Fault {
  /** Also the code of the cause that a diagnosis should find. */
  readonly name: string
  /** One line: what is broken and how it feels. */
  readonly summary: string
  /** A question that shows it: arguments of `fathom doctor`; absent when the plain run does. */
  readonly shownBy?: readonly string[]
  inject(stage: FaultStage): Promise<Undo>
}
