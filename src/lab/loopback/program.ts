// A program that the lab runs for a container, in this process.
import type { Json } from '../../kube/objects/index.ts'
import type { Files, Network } from '../../server/index.ts'

/** What a program is started with. */
export interface ProgramContext {
  readonly container: Json
  readonly files: Files
  readonly environment: Readonly<Record<string, string>>
  readonly network: Network
  readonly log: (line: string) => void
  /** The program ended by itself, with its last words. */
  readonly onExit: (why: string) => void
}

export interface RunningProgram {
  /** Whether it may take traffic; undefined when it has no opinion. */
  readonly readyPath: { readonly port: number; readonly path: string } | undefined
  /** Whether Service IPs of its node work because of it. */
  readonly writesServiceRules: boolean
  stop(): Promise<void>
}

export type Program = (context: ProgramContext) => Promise<RunningProgram>
