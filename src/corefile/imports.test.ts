import { describe, expect, it } from 'vitest'
import { CorefileError } from './errors.ts'
import { parseCorefile } from './parser.ts'
import { memorySource } from '../../test/support/memory-source.ts'

function directivesOf(text: string, files: Readonly<Record<string, string>> = {}, file = 'Corefile'): string[] {
  const { blocks } = parseCorefile(text, { file, source: memorySource(files), accepts: () => true })
  return blocks.flatMap(({ keys, directives }) =>
    directives.map(({ tokens }) => `${keys[0]?.text ?? ''} ${tokens.map((token) => token.text).join(' ')}`),
  )
}

describe('import of a snippet', () => {
  it('puts it in wherever it is named, nested ones too', () => {
    const text = '(in) {\nwhoami\n}\n(out) {\nimport in\nerrors\n}\na {\nimport out\nlog\n}\nb {\nimport in\n}'
    expect(directivesOf(text)).toEqual(['a whoami', 'a errors', 'a log', 'b whoami'])
  })

  it('puts it in inside a directive’s block, at the start of a line only', () => {
    const text = '(opts) {\nforce_tcp\nexpire 5s\n}\n. {\nforward . 1.1.1.1 {\nimport opts\nexcept import opts\n}\n}'
    expect(directivesOf(text)).toEqual(['. forward . 1.1.1.1 { force_tcp expire 5s except import opts }'])
  })

  it('gives every expansion rows of its own', () => {
    const { blocks } = parseCorefile('(s) {\nlog a\n}\n. {\nimport s\nimport s\n}')
    const rows = blocks[0]?.directives[0]?.tokens.map(({ text, row }) => [text, row])
    const [first, , third] = rows ?? []
    expect(rows?.map(([text]) => text)).toEqual(['log', 'a', 'log', 'a'])
    expect(first?.[1]).not.toBe(third?.[1])
  })

  it('refuses snippets that import each other, and names the circle', () => {
    const text = '(a) {\nimport b\n}\n(b) {\nimport a\n}\n. {\nimport a\n}'
    expect(caught(text)).toMatchObject({
      message: 'Corefile:5 - Error during parsing: maximum snippet import depth (10000) exceeded',
      hint: 'The import never ends: (a) -> (b) -> (a)',
    })
  })

  it('stops snippets that double each other', () => {
    const levels = Array.from({ length: 40 }, (_, level) => `(s${level + 1}) {\nimport s${level}\nimport s${level}\n}`)
    expect(caught(`(s0) {\nlog\n}\n${levels.join('\n')}\n. {\nimport s40\n}`).message).toMatch(
      /maximum snippet import depth \(10000\) exceeded/,
    )
  })
})

describe('import of files', () => {
  it('is relative to the importing file, not to the Corefile', () => {
    const files = { '/etc/coredns/parts/a.conf': 'import b.conf', '/etc/coredns/parts/b.conf': 'whoami' }
    const text = '. {\nimport parts/a.conf\n}'
    expect(directivesOf(text, files, '/etc/coredns/Corefile')).toEqual(['. whoami'])
  })

  it('takes matches in sorted order, dot files too, and several of one text', () => {
    const files = { 'd/b.override': 'log', 'd/.a.override': 'errors', 'd/c.server': 'x {\n}', 'd/a?': 'whoami' }
    expect(directivesOf('. {\nimport d/*.override\nimport d/a?\n}', files)).toEqual(['. errors', '. log', '. whoami'])
  })

  it('reads whole server blocks at the top level, and goes on behind them', () => {
    const files = { 'x.server': 'a:53 {\nerrors\n}\n' }
    expect(directivesOf('import *.server\n. {\nwhoami\n}\nimport x.server', files)).toEqual([
      'a:53 errors',
      '. whoami',
      'a:53 errors',
    ])
  })

  it('only warns about a pattern without matches', () => {
    const { blocks, warnings } = parseCorefile('. {\nwhoami\n  import custom/*.override\n}\nimport custom/*.server\n')
    expect(blocks[0]?.directives.map(({ name }) => name)).toEqual(['whoami'])
    expect(warnings).toEqual([
      {
        message: 'No files matching import glob pattern: custom/*.override',
        file: 'Corefile',
        line: 3,
        column: 10,
        text: 'custom/*.override',
      },
      {
        message: 'No files matching import glob pattern: custom/*.server',
        file: 'Corefile',
        line: 5,
        column: 8,
        text: 'custom/*.server',
      },
    ])
  })

  it('names the imported file in errors and lists it', () => {
    const files = { 'a.conf': 'whoami\nnosuch\n' }
    expect(caught('. {\nimport a.conf\n}', files)).toMatchObject({ file: 'a.conf', line: 2, text: 'nosuch' })
    const { imported } = parseCorefile('. {\nimport *.conf\n}', { source: memorySource({ 'a.conf': 'log' }) })
    expect(imported).toEqual(['a.conf'])
  })

  it('refuses a match that is a directory, and says why a ConfigMap has one', () => {
    const files = { 'custom/..data/a.override': 'log', 'custom/a.override': 'log' }
    expect(caught('. {\nimport custom/*\n}', files)).toMatchObject({
      message: 'Corefile:2 - Error during parsing: Could not import custom/..data: is a directory',
      hint: expect.stringContaining('import "*.override"'),
    })
  })

  it('refuses files that import each other, and names the circle', () => {
    const files = { 'a.conf': 'import b.conf', 'b.conf': 'log\nimport a.conf' }
    expect(caught('. {\nimport a.conf\n}', files)).toMatchObject({
      message: 'b.conf:2 - Error during parsing: maximum file import depth (100000) exceeded',
      hint: 'The import never ends: a.conf -> b.conf -> a.conf',
    })
    expect(caught('. {\nimport Corefile\n}', { Corefile: '. {\nimport Corefile\n}' }).hint).toBe(
      'The import never ends: Corefile -> Corefile',
    )
  })

  it('lets files of one pattern import each other', () => {
    const files = { 'a.conf': 'import b.conf', 'b.conf': 'log' }
    expect(directivesOf('. {\nimport *.conf\n}', files)).toEqual(['. log log'])
  })
})

function caught(text: string, files: Readonly<Record<string, string>> = {}): CorefileError {
  try {
    parseCorefile(text, { source: memorySource(files) })
  } catch (error) {
    if (error instanceof CorefileError) return error
  }
  throw new Error('no CorefileError was thrown')
}
