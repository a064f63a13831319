// The node as the cache sees and changes it: files, network, programs, other instances. A lab gives each of its nodes another one.
import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { systemFiles } from '../server/index.ts'
import type { Files, Network } from '../server/index.ts'
import { missingCapabilities } from './capabilities.ts'
import type { Capability } from './capabilities.ts'
import { runCommand } from './command.ts'
import type { RunCommand } from './command.ts'
import { isAddressHeld } from './held-addresses.ts'
import { markInstance } from './instances.ts'
import type { InstanceMarker } from './instances.ts'

/** Files that can also be written. */
export interface WritableFiles extends Files {
  /** Readers see the old text or the new one, whole. @throws Node's errors */
  writeText(path: string, text: string): void
  /** Does nothing when the file is not there. */
  remove(path: string): void
}

export interface NodeAccess {
  readonly files: WritableFiles
  readonly network: Network
  readonly run: RunCommand
  /** Those of `wanted` that this process lacks. */
  readonly lacks: (wanted: readonly Capability[]) => readonly Capability[]
  /** Shows this instance to others. */
  readonly mark: (addresses: readonly string[], port: number) => Promise<InstanceMarker>
  /** Whether somebody serves one of the addresses over UDP. */
  readonly isHeld: (addresses: readonly string[], port: number) => boolean
}

/** This machine. Addresses are shared: an upgrade has two instances for a while, and the old one hands over when it ends. */
export const systemNode: NodeAccess = {
  files: { ...systemFiles, writeText: replaceFile, remove: (path) => rmSync(path, { force: true }) },
  network: { listenAt: (endpoint) => endpoint, callTo: (endpoint) => endpoint, reusePort: true },
  run: runCommand,
  lacks: (wanted) => missingCapabilities(wanted),
  mark: markInstance,
  isHeld: (addresses, port) => isAddressHeld(addresses, port),
}

function replaceFile(path: string, text: string): void {
  const next = join(dirname(path), `.${process.pid}.fathom-next`)
  try {
    mkdirSync(dirname(path), { recursive: true })
    writeFileSync(next, text)
    renameSync(next, path)
  } catch {
    rmSync(next, { force: true })
    // A single file mounted into the container cannot be replaced, only written.
    writeFileSync(path, text)
  }
}
