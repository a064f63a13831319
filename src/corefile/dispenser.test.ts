import { describe, expect, it } from 'vitest'
import type { Dispenser } from './ast.ts'
import { createDispenser, onceError } from './dispenser.ts'
import { parseCorefile } from './parser.ts'

/** A dispenser over the first directive of a block with these lines. */
function dispense(lines: string): Dispenser {
  const directive = parseCorefile(`. {\n${lines}\n}`, { accepts: () => true }).blocks[0]?.directives[0]
  if (directive === undefined) throw new Error('no directive')
  return createDispenser(directive)
}

/** What an option parser sees: arguments of every repetition, then each line of its block. */
function walk(dispenser: Dispenser): string[][] {
  const seen: string[][] = []
  while (dispenser.next()) {
    seen.push([dispenser.value(), ...dispenser.remainingArgs()])
    while (dispenser.nextBlock()) seen.push(['>', dispenser.value(), ...dispenser.remainingArgs()])
  }
  return seen
}

describe('createDispenser()', () => {
  it('walks arguments, block lines and repetitions', () => {
    const text = 'forward . 1.1.1.1 {\nforce_tcp\n\nexpire 5s\n}\nforward a 2.2.2.2\nforward b 3.3.3.3 {\n}'
    expect(walk(dispense(text))).toEqual([
      ['forward', '.', '1.1.1.1'],
      ['>', 'force_tcp'],
      ['>', 'expire', '5s'],
      ['forward', 'a', '2.2.2.2'],
      ['forward', 'b', '3.3.3.3'],
    ])
  })

  it('gives the closing brace as an argument when it stands on the line of an option', () => {
    expect(walk(dispense('cache { success 9984 30; denial 9984 5 }'))).toEqual([
      ['cache'],
      ['>', 'success', '9984', '30;', 'denial', '9984', '5', '}'],
    ])
  })

  it('gives arguments that an option left unread as options', () => {
    const dispenser = dispense('forward . 1.1.1.1 {\nforce_tcp yes\n}')
    dispenser.next()
    dispenser.remainingArgs()
    expect([dispenser.nextBlock(), dispenser.value()]).toEqual([true, 'force_tcp'])
    expect([dispenser.nextBlock(), dispenser.value()]).toEqual([true, 'yes'])
    expect(dispenser.nextBlock()).toBe(false)
  })

  it('keeps snippets that are imported twice apart', () => {
    const { blocks } = parseCorefile('(s) {\nlog a\n}\n. {\nimport s\nimport s\n}')
    const directive = blocks[0]?.directives[0]
    expect(directive && walk(createDispenser(directive))).toEqual([
      ['log', 'a'],
      ['log', 'a'],
    ])
  })

  it('takes arguments behind a quoted one that spans lines', () => {
    expect(walk(dispense('template IN A {\nanswer "a\nb" c\n}'))).toEqual([
      ['template', 'IN', 'A'],
      ['>', 'answer', 'a\nb', 'c'],
    ])
  })

  it('moves with nextLine only to another line', () => {
    const dispenser = dispense('hosts a {\nb\n}')
    expect(dispenser.nextLine()).toBe(true)
    expect(dispenser.nextLine()).toBe(false)
    dispenser.remainingArgs()
    expect(dispenser.nextLine()).toBe(false)
  })

  it('stays on the last token at the end', () => {
    const dispenser = dispense('log a')
    expect([dispenser.next(), dispenser.next(), dispenser.next(), dispenser.next()]).toEqual([true, true, false, false])
    expect(dispenser.value()).toBe('a')
  })

  it('makes errors with place and text', () => {
    const dispenser = dispense('whoami now')
    dispenser.next()
    dispenser.nextArg()
    expect(dispenser.argError()).toMatchObject({
      message: "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'now'",
      line: 2,
      column: 8,
      text: 'now',
    })
    expect(dispenser.error('unknown property')).toMatchObject({
      message: 'Corefile:2 - Error during parsing: unknown property',
    })
    expect(onceError(dispenser).message).toBe('this plugin can only be used once per Server Block')
  })

  it('refuses a block where expectNoBlock() wants none', () => {
    const dispenser = dispense('whoami {\nnow\n}')
    dispenser.next()
    expect(() => dispenser.expectNoBlock()).toThrow("Unexpected token '{', expecting argument")
    const alone = dispense('whoami')
    alone.next()
    expect(() => alone.expectNoBlock()).not.toThrow()
  })
})
