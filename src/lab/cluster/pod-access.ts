// What the API server needs of the grade that runs the pods: their logs, a way to their ports, and commands inside them.
import type { Duplex, Readable, Writable } from 'node:stream'
import type { RawObject } from './raw-object.ts'

export interface LogLine {
  /** Milliseconds since the Unix epoch. */
  readonly at: number
  readonly text: string
}

export interface PodLog {
  /** What is kept, oldest first. */
  lines(): readonly LogLine[]
  /** Of the run before, which ended; absent where runs are not told apart. */
  previousLines?(): readonly LogLine[]
  /** Calls `listener` for every line to come; the result ends that. */
  subscribe(listener: (line: LogLine) => void): () => void
}

export interface PodCommand {
  readonly container: string
  /** The program and its arguments; never empty. */
  readonly command: readonly string[]
  readonly tty: boolean
}

/** A command that runs in a pod. */
export interface PodProcess {
  readonly stdin: Writable
  readonly stdout: Readable
  /** Absent with a terminal, which mixes both. */
  readonly stderr?: Readable
  /** Its exit status, once it ended. */
  readonly ended: Promise<number>
  /** Tells the size of the terminal, in characters. */
  resize(columns: number, rows: number): void
  /** Ends it, whatever it does. */
  kill(): void
}

export interface PodAccess {
  /** A container's log; undefined when the lab runs no process for it, which reads as an empty log. */
  log(pod: RawObject, container: string): PodLog | undefined
  /** Opens a TCP connection to a port of a pod. Rejects, with a reason a person can read, when nothing is reached. */
  connect(pod: RawObject, port: number): Promise<Duplex>
  /**
   * Opens a TCP connection from inside a pod's own network namespace to its loopback address, as a port-forward does.
   * Rejects as `connect` does. Default: the same as `connect`.
   */
  connectInside?(pod: RawObject, port: number): Promise<Duplex>
  /** Runs a command in a container. Rejects, in a container runtime's words, when it cannot be started. */
  exec(pod: RawObject, command: PodCommand): Promise<PodProcess>
}

/** A cluster whose pods run nowhere: objects alone. */
export const NO_PODS: PodAccess = {
  log: () => undefined,
  connect: (pod, port) => Promise.reject(new Error(`no process of pod ${pod.metadata.name} listens on port ${port}`)),
  exec: (pod) => Promise.reject(new Error(`nothing runs in pod ${pod.metadata.name}`)),
}
