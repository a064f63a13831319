// `fathom lab exec`: a command of this machine inside a pod or node of a lab.
import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { callLab } from '../../lab/index.ts'
import type { Place } from '../../vantage/index.ts'
import { findLab } from './lab-flags.ts'
import type { NameFlags } from './lab-flags.ts'
import { SIGNALS } from './signals.ts'

/** As commander gives them. */
export interface ExecFlags extends NameFlags {
  readonly namespace: string
}

/** What a shell says of a program that a signal ended. */
const SIGNAL_BASE = 128

/** Runs it; gives its exit status. @throws {LabError} when there is no such place */
export async function exec(pod: string, command: readonly string[], flags: ExecFlags): Promise<number> {
  const [first = '', second] = pod.split('/')
  const place: Place =
    first === 'node' && second !== undefined
      ? { kind: 'node', name: second }
      : { kind: 'pod', namespace: second === undefined ? flags.namespace : first, name: second ?? first }
  const [program = '', ...words] = await callLab(findLab(flags.name), 'enter', { place })
  const child = spawn(program, [...words, ...(command.length === 0 ? ['/bin/sh'] : command)], { stdio: 'inherit' })
  // The terminal sends these to both: it is the command that decides what they mean.
  for (const signal of SIGNALS) process.on(signal, () => undefined)
  return new Promise((settle, reject) => {
    child.once('error', reject)
    child.once('close', (code, signal) =>
      settle(code ?? SIGNAL_BASE + (signal === null ? 0 : constants.signals[signal])),
    )
  })
}
