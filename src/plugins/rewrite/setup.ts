// rewrite [continue|stop] FIELD …: each directive is one rule.
import { GoValueError, describeError } from '../../base/index.ts'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'

/** The words of one rule and the place they stand at. */
export interface RuleText {
  readonly goesOn: boolean
  readonly field: string
  readonly args: readonly string[]
}

export interface RewriteOptions {
  readonly rules: readonly RuleText[]
}

/** Reads every `rewrite` of a block; `check` makes each rule once, so that wrong ones are found here. @throws {CorefileError} */
export function parseRewrites(
  dispenser: Dispenser,
  context: SetupContext,
  check: (rule: RuleText, context: SetupContext) => void,
): RewriteOptions {
  const rules: RuleText[] = []
  while (dispenser.next()) {
    const words = dispenser.remainingArgs()
    if (words.length < 2) while (dispenser.nextBlock()) words.push(dispenser.value())
    const rule = readRule(dispenser, words)
    try {
      check(rule, context)
    } catch (error) {
      if (error instanceof GoValueError || error instanceof Error) throw dispenser.error(describeError(error))
      throw error
    }
    rules.push(rule)
  }
  return { rules }
}

function readRule(dispenser: Dispenser, words: readonly string[]): RuleText {
  const [first, ...rest] = words
  if (first === undefined) throw dispenser.error('no rule type specified for rewrite')
  const mode = first.toLowerCase()
  if (mode !== 'continue' && mode !== 'stop') return { goesOn: false, field: mode, args: rest }
  const [field, ...args] = rest
  if (field === undefined) throw dispenser.error(`${mode} rule must begin with a rule type`)
  return { goesOn: mode === 'continue', field: field.toLowerCase(), args }
}
