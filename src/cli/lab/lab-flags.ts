// What several subcommands of `fathom lab` share: which lab is meant, and how it is told.
import { UsageError } from '../../base/errors.ts'
import { LabError, labProcess, listLabs, readLab } from '../../lab/index.ts'
import type { LabState } from '../../lab/index.ts'

/** `--name`. */
export interface NameFlags {
  readonly name?: string
}

/** The lab of that name, or the only one that runs. @throws {LabError} `lab-not-running` */
export function findLab(name: string | undefined): LabState {
  const running = listLabs()
  const names = running.map((lab) => lab.name).join(', ') || 'none'
  if (name === undefined && running.length > 1) {
    throw new UsageError('missing-argument', `Which lab? Several run (${names}); say --name NAME`)
  }
  const found = name === undefined ? running[0] : readLab(name)
  if (found !== undefined) return found
  const process = name === undefined ? undefined : labProcess(name)
  if (process !== undefined) {
    throw new LabError(
      'lab-not-running',
      `Lab "${name}" (process ${process}) is not up yet, or was started with another XDG_RUNTIME_DIR`,
    )
  }
  throw new LabError(
    'lab-not-running',
    name === undefined ? 'No lab runs; "fathom lab up" starts one' : `No lab "${name}" runs (running: ${names})`,
  )
}

/** @throws {UsageError} for what is no format */
export function checkOutput(output: string): void {
  if (output !== 'text' && output !== 'json') {
    throw new UsageError('bad-argument', `Cannot print as "${output}": -o takes text or json`)
  }
}
