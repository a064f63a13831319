// From parsed blocks to what the rules of lint look at: directives taken apart, zones and addresses read as far as they can be.
import type { Directive, ServerBlock } from '../ast.ts'
import { createDispenser } from '../dispenser.ts'
import { CorefileError } from '../errors.ts'
import { parseKey } from '../keys.ts'
import type { ServedZone } from '../keys.ts'
import { isPlaceholder } from './finding.ts'
import type { LintBlock, Occurrence, Option } from './finding.ts'
import type { Token } from '../ast.ts'

export interface BlockView {
  readonly view: LintBlock
  /** What is wrong with its keys. */
  readonly errors: readonly CorefileError[]
}

/** Takes a block apart. A key with a placeholder is left out. */
export function viewBlock(block: ServerBlock): BlockView | undefined {
  const [at] = block.keys
  if (at === undefined) return undefined
  const zones: ServedZone[] = []
  const errors: CorefileError[] = []
  for (const key of block.keys.filter(({ text }) => !isPlaceholder(text))) {
    try {
      zones.push(...parseKey(key))
    } catch (error) {
      if (!(error instanceof CorefileError)) throw error
      errors.push(error)
    }
  }
  const directives = new Map(block.directives.map((directive) => [directive.name, readOccurrences(directive)]))
  const addresses = (directives.get('bind') ?? []).flatMap(({ args }) => args.map(({ text }) => text))
  return { view: { block, at, zones, addresses, directives }, errors }
}

function readOccurrences(directive: Directive): Occurrence[] {
  const dispenser = createDispenser(directive)
  const readArgs = (): Token[] => {
    const args: Token[] = []
    while (dispenser.nextArg()) args.push(dispenser.token())
    return args
  }
  const occurrences: Occurrence[] = []
  while (dispenser.next()) {
    const head = dispenser.token()
    const args = readArgs()
    const options: Option[] = []
    while (dispenser.nextBlock()) options.push({ name: dispenser.token(), args: readArgs() })
    occurrences.push({ head, args, options })
  }
  return occurrences
}
