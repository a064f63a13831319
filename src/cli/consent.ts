// What the user allows beyond asking, and what is told and undone when it was done.
import { constants } from 'node:os'
import { PROGRAM_NAME, UsageError } from '../base/index.ts'
import type { EphemeralConsent } from '../vantage/index.ts'
import type { Io } from './command.ts'

export const ALLOWANCES = ['exec', 'ephemeral'] as const

/** `exec`: commands in containers that only read; `ephemeral`: a container that is added to the pod that is asked from. */
export type Allowance = (typeof ALLOWANCES)[number]

/** What `--allow` says, for help texts. */
export const ALLOW_HELP =
  'what may be done in the cluster: exec (commands that only read, in containers that run), ephemeral (a container is added to the pod that is asked from)'
export const IMAGE_HELP = 'image of a container that is added (default: one that the node has, else agnhost)'

/** Reads `exec,ephemeral`, given once or several times. @throws {UsageError} */
export function readAllowances(given: readonly string[]): ReadonlySet<Allowance> {
  const words = given.flatMap((text) => text.split(','))
  return new Set(
    words.map((word) => {
      const found = ALLOWANCES.find((candidate) => candidate === word)
      if (found !== undefined) return found
      throw new UsageError('bad-argument', `Cannot use --allow "${word}": it must be one of ${ALLOWANCES.join(', ')}`)
    }),
  )
}

/** Calls to the API server in one run, whatever the cluster's size; further pages of lists are none. */
const MOST_CALLS = 30
/** Where tables of nodes are read: a few sessions for each of a handful of nodes. */
const MOST_CALLS_WITH_EXEC = 100
/** What a container that is added costs at most: until it runs, its questions, its end. */
const CALLS_OF_CONTAINER = 30
export const MAX_CALLS_HELP: string = `calls to the API server in one run at most (default: ${MOST_CALLS}; with --allow exec ${MOST_CALLS_WITH_EXEC})`

/** Reads `--max-calls`. @throws {UsageError} */
export function readMostCalls(given: string | undefined, allow: ReadonlySet<Allowance>): number {
  if (given === undefined) {
    const base = allow.has('exec') ? MOST_CALLS_WITH_EXEC : MOST_CALLS
    return allow.has('ephemeral') ? base + CALLS_OF_CONTAINER : base
  }
  const most = Number(given)
  if (/^\d+$/.test(given) && most >= 1 && most <= 1_000_000) return most
  throw new UsageError('bad-argument', `Cannot use --max-calls ${given}: give a whole number from 1 on`)
}

export interface ConsentOptions {
  readonly allow: ReadonlySet<Allowance>
  readonly image?: string | undefined
  /** Whether a pod is named to ask from. */
  readonly asksFromPod: boolean
  /** Source of facts whose pods cannot get a container: `--lab`, `--manifests`. */
  readonly unfit?: string | undefined
  /** Words what is announced; default: English, as it comes. */
  readonly translate?: (line: string) => string
}

/** Undefined without consent. @throws {UsageError} options that make no sense together */
export function readEphemeral(
  { allow, image, asksFromPod, unfit, translate = (line) => line }: ConsentOptions,
  io: Io,
): EphemeralConsent | undefined {
  if (!allow.has('ephemeral')) {
    if (image === undefined) return undefined
    throw new UsageError('bad-argument', 'Cannot use --image without --allow ephemeral: no container is added then')
  }
  if (image !== undefined && !/^[^\s]+$/.test(image)) {
    throw new UsageError(
      'bad-argument',
      `Cannot use --image "${image}": an image's name has no white space and is not empty`,
    )
  }
  if (unfit !== undefined) {
    const why = unfit === '--lab' ? "a lab's pods are asked from without one" : 'objects in files run nowhere'
    throw new UsageError('bad-argument', `Cannot use --allow ephemeral with ${unfit}: ${why}`)
  }
  if (!asksFromPod) {
    throw new UsageError(
      'bad-argument',
      'Cannot use --allow ephemeral without a pod to ask from: a container is added to that pod alone',
    )
  }
  return { image, say: (line) => void io.stderr.write(`${PROGRAM_NAME}: ${translate(line)}\n`) }
}

const SIGNALS = ['SIGHUP', 'SIGINT', 'SIGTERM'] as const
/** As shells report a death by signal. */
const DEATH_BY_SIGNAL = 128

/**
 * Runs `work`; a signal in the meantime undoes what was done, and then ends the program, whatever becomes of the work.
 */
export async function undoingOnSignal<Result>(undo: () => Promise<void>, work: () => Promise<Result>): Promise<Result> {
  let leaving: Promise<never> | undefined
  const leave = (signal: NodeJS.Signals): void => {
    // A second signal ends at once.
    forget()
    leaving = undo().then(
      () => process.exit(DEATH_BY_SIGNAL + constants.signals[signal]),
      () => process.exit(DEATH_BY_SIGNAL + constants.signals[signal]),
    )
  }
  const forget = (): void => {
    for (const signal of SIGNALS) process.off(signal, leave)
  }
  for (const signal of SIGNALS) process.on(signal, leave)
  try {
    const result = await work()
    return leaving === undefined ? result : await leaving
  } catch (error) {
    // What is undone makes the work fail: nobody wants to hear of that.
    if (leaving === undefined) throw error
    return await leaving
  } finally {
    forget()
  }
}
