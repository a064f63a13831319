// `fathom lab verify`: every fault into a running lab and out again, seen by plain tools. Prints a table; status 1 when one does otherwise.
import { UsageError } from '../../base/errors.ts'
import { FAULTS, LabError, callLab, verifiedLab, verifyFault } from '../../lab/index.ts'
import type { Fault, FaultVerification, LabState } from '../../lab/index.ts'
import { EXIT } from '../command.ts'
import type { Io } from '../command.ts'

/** Which faults, and how it is told. */
export interface VerifyOptions {
  /** Names; empty: all that the lab can have. */
  readonly faults: readonly string[]
  readonly output: string
}

/** Exit status when a fault did otherwise than it says. */
const NOT_SHOWN = 1

/** Verifies faults one after the other. @throws {UsageError} for unknown names; {LabError} when the lab has faults already */
export async function verifyFaults(io: Io, state: LabState, { faults, output }: VerifyOptions): Promise<number> {
  const { faults: present, cni } = await callLab(state, 'status', {})
  if (present.length > 0) {
    const names = present.join(', ')
    throw new LabError(
      'not-supported',
      `Cannot verify faults: lab "${state.name}" has some already (${names}); heal first`,
    )
  }
  const chosen = faults.length === 0 ? FAULTS.filter((fault) => fits(fault, cni)) : faults.map(named)
  const width = Math.max(...chosen.map(({ name }) => name.length))
  const results: FaultVerification[] = []
  for (const fault of chosen) {
    const result = await verifyFault(verifiedLab(state), fault)
    results.push(result)
    if (output === 'text') io.stdout.write(describe(result, width))
  }
  if (output === 'json') io.stdout.write(`${JSON.stringify({ schemaVersion: 1, faults: results }, undefined, 2)}\n`)
  else io.stdout.write(`${results.length} faults: ${tally(results)}\n`)
  return results.some(({ outcome }) => outcome === 'failed') ? NOT_SHOWN : EXIT.ok
}

function fits({ needs }: Fault, cni: string | undefined): boolean {
  return needs === undefined || needs === cni || (needs === 'netns' && cni !== undefined)
}

function named(name: string): Fault {
  const fault = FAULTS.find((candidate) => candidate.name === name)
  if (fault !== undefined) return fault
  throw new UsageError('bad-argument', `Cannot verify "${name}": there is no such fault; see "fathom lab faults"`)
}

function describe({ fault, outcome, why, looks, injectMs, totalMs }: FaultVerification, width: number): string {
  const seconds = (ms: number): string => `${(ms / 1000).toFixed(1).padStart(5)} s`
  const shown = looks.filter(({ broken, whole }) => broken === true || whole === true)
  const by = shown.map(({ place, command }) => `${place}: ${command}`)
  const line = [fault.padEnd(width), outcome.padEnd(6), seconds(injectMs), seconds(totalMs), why ?? by[0] ?? '']
  const wrong = looks.flatMap(({ printed }) =>
    printed === undefined ? [] : [printed.trimEnd().replaceAll(/^/gm, '    ')],
  )
  return `${[line.join('  '), ...wrong].join('\n')}\n`
}

function tally(results: readonly FaultVerification[]): string {
  const outcomes = [...new Set(results.map(({ outcome }) => outcome))]
  return outcomes
    .map((outcome) => `${results.filter((result) => result.outcome === outcome).length} ${outcome}`)
    .join(', ')
}
