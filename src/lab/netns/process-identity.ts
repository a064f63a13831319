// Which process is meant by a number that was written down: numbers are given again, but not with the same time of start.
import { readFileSync } from 'node:fs'

/** A process, told from a later one with its number. */
export interface ProcessIdentity {
  readonly pid: number
  /** When it began, in clock ticks since the machine did. */
  readonly startTicks: string
}

/** Field 22 of /proc/PID/stat, counted from the state, which is field 3. */
const START_FIELD = 19

/** The process that has that number now; undefined when there is none, or it has ended and only its parent has not noticed. */
export function identifyProcess(pid: number): ProcessIdentity | undefined {
  try {
    // PID (COMMAND) STATE …, where the command may hold anything.
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const startTicks = fields[START_FIELD]
    return startTicks === undefined || fields[0] === 'Z' ? undefined : { pid, startTicks }
  } catch {
    return undefined
  }
}

/** Whether that very process still runs. */
export function isRunning({ pid, startTicks }: ProcessIdentity): boolean {
  return identifyProcess(pid)?.startTicks === startTicks
}
