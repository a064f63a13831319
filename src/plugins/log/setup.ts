// The `log` directive: which names, which classes of responses, in which format.
import type { Dispenser } from '../../corefile/index.ts'
import type { DomainName } from '../../dns/index.ts'
import { someArguments } from '../arguments.ts'
import { readZone } from './zone.ts'
import { COMMON_FORMAT, expandFormat, parseFormat } from './format.ts'
import type { Format } from './format.ts'

export type ResponseClass = 'all' | 'denial' | 'error' | 'success'

/** One name of one `log` line. */
export interface LogRule {
  readonly zone: DomainName
  readonly classes: ReadonlySet<ResponseClass>
  readonly format: Format
}

const CLASSES: readonly string[] = ['all', 'denial', 'error', 'success'] satisfies ResponseClass[]

/** The rules in the order of the text; the first whose zone matches is used. @throws {CorefileError} */
export function parseLog(dispenser: Dispenser): readonly LogRule[] {
  const rules: LogRule[] = []
  while (dispenser.next()) {
    const args = dispenser.remainingArgs()
    const last = args.at(-1)
    // One argument alone is always a name.
    const isFormat = args.length > 1 && last !== undefined && last.includes('{')
    const names = isFormat ? args.slice(0, -1) : args
    const format = parseFormat(isFormat ? expandFormat(last) : COMMON_FORMAT)
    const classes = parseClasses(dispenser)
    const zones = names.length === 0 ? ['.'] : names.map((name) => readZone(dispenser, name))
    rules.push(...zones.map((zone) => ({ zone, classes, format })))
  }
  return rules
}

function parseClasses(dispenser: Dispenser): ReadonlySet<ResponseClass> {
  const classes = new Set<ResponseClass>()
  while (dispenser.nextBlock()) {
    if (dispenser.value() !== 'class') throw dispenser.error(`unknown property '${dispenser.value()}'`)
    for (const name of someArguments(dispenser)) {
      if (!isClass(name)) throw dispenser.error(`invalid Class: ${name}`)
      classes.add(name)
    }
  }
  return classes.size === 0 ? new Set(['all']) : classes
}

function isClass(text: string): text is ResponseClass {
  return CLASSES.includes(text)
}
