// What the API server needs of the grade that runs the pods: their logs, and a way to their ports.
import type { Duplex } from 'node:stream'
import type { RawObject } from './raw-object.ts'

export interface LogLine {
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  readonly text: string
}

export interface PodLog {
  /** What is kept, oldest first. */
  lines(): readonly LogLine[]
  /** Calls `listener` for every line to come; the result ends that. */
  subscribe(listener: (line: LogLine) => void): () => void
}

export interface PodAccess {
  /** A container's log; undefined when the lab runs no process for it, which reads as an empty log. */
  log(pod: RawObject, container: string): PodLog | undefined
  /** Opens a TCP connection to a port of a pod. Rejects, with a reason a person can read, when nothing is reached. */
  connect(pod: RawObject, port: number): Promise<Duplex>
}

/** A cluster whose pods run nowhere: objects alone. */
export const NO_PODS: PodAccess = {
  log: () => undefined,
  connect: (pod, port) => Promise.reject(new Error(`no process of pod ${pod.metadata.name} listens on port ${port}`)),
}
