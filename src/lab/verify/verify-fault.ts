// Whether a fault breaks what it says and heals without a trace, as plain tools see it: injected, looked at, healed, looked at again.
import { describeError } from '../../base/index.ts'
import type { Fault } from '../faults/fault.ts'
import { unfilled } from '../faults/look.ts'
import type { Look } from '../faults/look.ts'
import type { LookRunner } from './run-look.ts'

/** A lab whose faults can be put in, looked at and taken out. */
export interface VerifiedLab {
  inject(name: string): Promise<unknown>
  heal(name: string): Promise<unknown>
  readonly look: LookRunner
}

/** One look, and what was seen. */
export interface SeenLook {
  /** Where it was typed: a pod, a node, or `here`. */
  readonly place: string
  readonly command: string
  /** What was expected and seen while the fault was in; `undefined` when nothing was expected then. */
  readonly broken: boolean | undefined
  readonly whole: boolean | undefined
  /** The last output, where it was not what was expected. */
  readonly printed?: string
}

export interface FaultVerification {
  readonly fault: string
  readonly cause: string
  /** `shown`: broken and whole again as it says; `unseen`: this lab can run none of its looks. */
  readonly outcome: 'failed' | 'shown' | 'unseen'
  readonly why?: string
  readonly looks: readonly SeenLook[]
  /** How long the fault took to come in, and all of it, in milliseconds. */
  readonly injectMs: number
  readonly totalMs: number
}

/**
 * What is looked for may take some time to come: a probe turns, and a question that came just before the change did is answered from a cache
 * for 30 s more. In milliseconds.
 */
const PATIENCE_MS = 36_000
const PAUSE_MS = 100

/** Puts one fault into a lab, takes it out again, and says what was seen. The lab should have no other. */
export async function verifyFault(lab: VerifiedLab, fault: Fault): Promise<FaultVerification> {
  const { name, cause = name, looks } = fault
  const startedAt = performance.now()
  const elapsed = (): number => Math.round(performance.now() - startedAt)
  const ended = (outcome: FaultVerification['outcome'], rest: Partial<FaultVerification> = {}): FaultVerification => ({
    fault: name,
    cause,
    outcome,
    looks: [],
    injectMs: 0,
    totalMs: elapsed(),
    ...rest,
  })
  try {
    await lab.inject(name)
  } catch (error) {
    return ended('failed', { why: `not injected: ${describeError(error)}` })
  }
  const injectMs = elapsed()
  const broken = await Promise.all(looks.map((look) => seen(lab, look, look.broken)))
  try {
    await lab.heal(name)
  } catch (error) {
    return ended('failed', { why: `not healed: ${describeError(error)}`, injectMs })
  }
  const whole = await Promise.all(looks.map((look) => seen(lab, look, look.whole)))
  const table = looks.map((look, index) => ({
    place: look.place ?? 'here',
    command: look.command,
    broken: broken[index]?.asExpected,
    whole: whole[index]?.asExpected,
    ...printedWrongly(broken[index], whole[index]),
  }))
  const wrong = table.find((look) => look.broken === false || look.whole === false)
  if (wrong !== undefined) {
    const when = wrong.broken === false ? 'in' : 'healed'
    const lacking = unfilled(`${wrong.place} ${wrong.command}`)
    return ended('failed', {
      why:
        lacking !== undefined && wrong.printed === lacking
          ? `with the fault ${when}, ${lacking}`
          : `with the fault ${when}, "${wrong.command}" at ${wrong.place} shows otherwise`,
      looks: table,
      injectMs,
    })
  }
  const isShown = table.some((look) => look.broken === true) && table.some((look) => look.whole === true)
  return ended(isShown ? 'shown' : 'unseen', { looks: table, injectMs })
}

interface Seen {
  /** Undefined when nothing was expected, or this lab cannot look. */
  readonly asExpected: boolean | undefined
  readonly printed?: string
}

async function seen(lab: VerifiedLab, look: Look, expected: RegExp | undefined): Promise<Seen> {
  if (expected === undefined) return { asExpected: undefined }
  const deadline = performance.now() + PATIENCE_MS
  for (;;) {
    const printed = await lab.look(look)
    if (printed === undefined) return { asExpected: undefined }
    if (expected.test(printed)) return { asExpected: true }
    if (performance.now() > deadline) return { asExpected: false, printed }
    await new Promise((resolve) => {
      setTimeout(resolve, PAUSE_MS)
    })
  }
}

function printedWrongly(...sights: readonly (Seen | undefined)[]): { readonly printed?: string } {
  const wrong = sights.find((sight) => sight?.asExpected === false)
  return wrong?.printed === undefined ? {} : { printed: wrong.printed }
}
