// Where kernel tables are read from: this machine, a namespace, or a pod that one may run commands in.
import type { NetlinkDump } from '../../sys/index.ts'
import type { FileResult } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'

export type CommandResult =
  | { readonly kind: 'ended'; readonly exitCode: number; readonly stdout: string; readonly stderr: string }
  | Skipped

/** Reads files and runs programs in one place; every outcome is a value. */
export interface KernelSource {
  /** `skipped` when it took longer than `timeoutMs`; without it, however long it takes. */
  readFile(path: string, options?: { readonly timeoutMs?: number }): Promise<FileResult>
  /** `skipped` when there is no such program, or it took too long. */
  run(program: string, args: readonly string[], options: { readonly timeoutMs: number }): Promise<CommandResult>
  /** Hands over the messages of a dump, valid while the sink runs; absent where the kernel cannot be asked directly. */
  dumpNetlink?(dump: NetlinkDump, sink: (message: DataView) => void): Skipped | undefined
}
