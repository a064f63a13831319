import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { CorefileError } from './errors.ts'
import { parseCorefile } from './parser.ts'
import type { ParseOptions } from './parser.ts'
import { memorySource } from '../../test/support/memory-source.ts'

const anyDirective = (): boolean => true

/** Keys and directives of every block as plain text, one directive a string. */
function outline(text: string, options: ParseOptions = {}): { keys: string[]; directives: string[] }[] {
  return parseCorefile(text, { accepts: anyDirective, ...options }).blocks.map(({ keys, directives }) => ({
    keys: keys.map((key) => key.text),
    directives: directives.map(({ tokens }) => tokens.map((token) => token.text).join(' ')),
  }))
}

describe('parseCorefile() keys', () => {
  it.each([
    { what: 'several on one line', text: 'a b:53 {\n}', keys: ['a', 'b:53'] },
    { what: 'commas at the end of a line', text: 'a,\nb,\nc {\n}', keys: ['a', 'b', 'c'] },
    { what: 'the brace on the next line', text: 'a\n{\n}', keys: ['a'] },
    { what: 'the environment in them', text: 'a.{$ZONE}:{%PORT%} {\n}', keys: ['a.example.org:5300'] },
    { what: 'a brace glued to the zone as part of it', text: 'example.com{\nlog\n}', keys: ['example.com{'] },
  ])('reads $what', ({ text, keys }) => {
    const source = memorySource({}, { ZONE: 'example.org', PORT: '5300' })
    expect(outline(text, { source })[0]?.keys).toEqual(keys)
  })

  it('takes one block without braces to the end of the file', () => {
    expect(outline('.:1053\nwhoami\nerrors\n')).toEqual([{ keys: ['.:1053'], directives: ['whoami', 'errors'] }])
  })

  it('takes a file of keys only as a block without directives', () => {
    expect(outline('whoami')).toEqual([{ keys: ['whoami'], directives: [] }])
  })

  it('reads a lone closing brace behind the blocks as a key, as CoreDNS does', () => {
    expect(outline('. {\nwhoami\n}\n}\n')).toEqual([
      { keys: ['.'], directives: ['whoami'] },
      { keys: ['}'], directives: [] },
    ])
  })

  it('gives no blocks for nothing', () => {
    expect(outline('')).toEqual([])
    expect(outline('# nothing here\n')).toEqual([])
  })

  it('warns about a block without keys and leaves it out', () => {
    const { blocks, warnings } = parseCorefile('{\nwhoami\n}\n')
    expect(blocks).toEqual([])
    expect(warnings).toMatchObject([{ message: 'A server block without a zone is ignored', line: 1, column: 1 }])
  })
})

describe('parseCorefile() directives', () => {
  it('puts repetitions of a directive together', () => {
    expect(outline('. {\nforward a 1.1.1.1\nlog\nforward b 2.2.2.2 {\nforce_tcp\n}\n}')).toEqual([
      { keys: ['.'], directives: ['forward a 1.1.1.1 forward b 2.2.2.2 { force_tcp }', 'log'] },
    ])
  })

  it('replaces the environment in names and arguments, unset variables by nothing', () => {
    const source = memorySource({}, { D: 'forward', UP: '127.0.0.1' })
    expect(outline('. {\n{$D} . {$UP}:53 x{$NONE}y {{$UP} {$}\n}', { source })).toEqual([
      { keys: ['.'], directives: ['forward . 127.0.0.1:53 xy {127.0.0.1 {$}'] },
    ])
  })

  it('accepts the end of the file instead of the last brace if its last token is a brace', () => {
    expect(outline('. {\ncache {\nsuccess 10\n}\n')).toEqual([{ keys: ['.'], directives: ['cache { success 10 }'] }])
  })

  it('keeps file, line and column of every token', () => {
    const [block] = parseCorefile('. {\n  cache 30 {\n    prefetch 1\n  }\n}').blocks
    expect(block?.directives[0]?.tokens.map(({ text, line, column }) => [text, line, column])).toEqual([
      ['cache', 2, 3],
      ['30', 2, 9],
      ['{', 2, 12],
      ['prefetch', 3, 5],
      ['1', 3, 14],
      ['}', 4, 3],
    ])
  })
})

describe('parseCorefile() refusals', () => {
  it.each([
    {
      text: '. {\nnosuch\n}',
      message: "Corefile:2 - Error during parsing: Unknown directive 'nosuch'",
      code: 'unknown-directive',
    },
    {
      text: '. {\nwhoami\nerrors',
      message: "Corefile:3 - Syntax error: Unexpected token 'errors', expecting '}'",
      code: 'syntax',
    },
    {
      text: '. {\ncache {\nsuccess 10\n',
      message: 'Corefile:3 - Error during parsing: Unexpected EOF',
      code: 'syntax',
    },
    {
      text: 'a, {\n}',
      message: "Corefile:1 - Error during parsing: Expected another address but had '{' - check for extra comma",
      code: 'syntax',
    },
    { text: 'a,', message: 'Corefile:1 - Error during parsing: Unexpected EOF', code: 'syntax' },
    {
      text: '. { whoami }',
      message: "Corefile:1 - Error during parsing: Unexpected '}' because no matching opening brace",
      code: 'syntax',
    },
    { text: '(a)\nb', message: "Corefile:2 - Syntax error: Unexpected token 'b', expecting '{'", code: 'syntax' },
    {
      text: '(a) {\nwhoami\n',
      message: "Corefile:2 - Syntax error: Unexpected token 'whoami', expecting '}'",
      code: 'syntax',
    },
    {
      text: '(a) {\n}\n(a) {\n}',
      message: 'Corefile:3 - Error during parsing: redeclaration of previously declared snippet a',
      code: 'bad-import',
    },
    {
      text: '. {\nimport\n}',
      message: "Corefile:2 - Error during parsing: Wrong argument count or unexpected line ending after 'import'",
      code: 'bad-import',
    },
    {
      text: '. {\nimport ""\n}',
      message: 'Corefile:2 - Error during parsing: Import requires a non-empty filepath',
      code: 'bad-import',
    },
    {
      text: '. {\nimport a b\n}',
      message: 'Corefile:2 - Error during parsing: Import takes only one argument (glob pattern or file)',
      code: 'bad-import',
    },
    {
      text: '. {\nimport a\n}',
      message: 'Corefile:2 - Error during parsing: File to import not found: a',
      code: 'bad-import',
    },
    {
      text: '. {\nimport */*\n}',
      message: 'Corefile:2 - Error during parsing: Glob pattern may only contain one wildcard (*), but has others: */*',
      code: 'bad-import',
    },
    {
      text: '(a) {\nimport a\n}',
      message: 'Corefile:2 - Error during parsing: maximum snippet import depth (10000) exceeded',
      code: 'bad-import',
    },
  ])('say $message', ({ text, message, code }) => {
    expect(() => parseCorefile(text)).toThrow(expect.objectContaining({ name: 'CorefileError', message, code }))
  })

  it('point at the offending text', () => {
    const error = caught(() => parseCorefile('. {\n    whoami\n  kubernets cluster.local\n}'))
    expect(error).toMatchObject({
      file: 'Corefile',
      line: 3,
      column: 3,
      text: 'kubernets',
      hint: 'Is "kubernetes" meant?',
    })
  })

  it.each([
    { directive: 'proxy', hint: /gone from CoreDNS since 1\.5\.0; use "forward"/ },
    { directive: 'file', hint: /plugin of CoreDNS that this program does not have/ },
    { directive: 'ocp_dnsnameresolver', hint: /external plugin \(OpenShift/ },
    { directive: 'example.com', hint: /looks like a zone: server blocks do not nest/ },
    { directive: 'qqqqqqqq', hint: /neither a plugin of CoreDNS nor an external one/ },
  ])('say whose the directive $directive is', ({ directive, hint }) => {
    expect(caught(() => parseCorefile(`. {\n${directive}\n}`)).hint).toMatch(hint)
  })
})

describe('parseCorefile() and quotes that are not closed', () => {
  it('says where one begins, in one line, when it breaks the text', () => {
    const error = caught(() => parseCorefile(`. {\n  log "a\n${'x\n'.repeat(1000)}}\n`))
    expect(error.hint).toBe('A quote that begins at Corefile:2 is not closed')
    expect(error.message).not.toContain('\n')
    expect(error.message.length).toBeLessThan(1100)
  })

  it('warns when it does not', () => {
    const { warnings } = parseCorefile('.:53\nlog "a\nb')
    expect(warnings).toMatchObject([{ line: 2, column: 5, message: expect.stringContaining('is not closed') }])
  })
})

describe('parseCorefile() bounds', () => {
  it('reads ten megabytes of directives', () => {
    const line = 'template IN A example.org\n'
    const text = `. {\n${line.repeat(10_000)}}\n# ${'x'.repeat(10_000_000)}`
    expect(parseCorefile(text).blocks[0]?.directives[0]?.tokens.length).toBe(40_000)
  })

  it('refuses more tokens than it can hold', () => {
    expect(() => parseCorefile('a '.repeat(1_000_001))).toThrow('more than 1000000 tokens, imports included')
  })

  it('does not mind how deep braces are', () => {
    const text = `. {\ncache ${'{\n'.repeat(100_000)}${'}\n'.repeat(100_000)}}`
    expect(parseCorefile(text).blocks).toHaveLength(1)
  })

  it('gives blocks or a CorefileError for any text, imports and all', () => {
    const piece = fc.constantFrom(
      '.',
      'a:53',
      '{',
      '}',
      '\n',
      ' ',
      '"',
      '#',
      ',',
      'import',
      's',
      '(s)',
      '(t)',
      't',
      'f*',
      'f1',
      'f2',
      'log',
      '{$E}',
      '{%E%}',
      '\0',
    )
    const text = fc.array(fc.oneof({ weight: 9, arbitrary: piece }, fc.string({ unit: 'binary', maxLength: 4 })), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(text, text, text, (main, first, second) => {
        const source = memorySource({ f1: first.join(' '), f2: second.join(' ') }, { E: '{' })
        try {
          expect(Array.isArray(parseCorefile(main.join(' '), { source }).blocks)).toBe(true)
        } catch (error) {
          expect(error).toBeInstanceOf(CorefileError)
        }
      }),
      { numRuns: 2000 },
    )
  })
})

function caught(call: () => unknown): CorefileError {
  try {
    call()
  } catch (error) {
    if (error instanceof CorefileError) return error
  }
  throw new Error('no CorefileError was thrown')
}
