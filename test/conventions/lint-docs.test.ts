// Every finding of lint is on its page, and the page names no other.
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'

const ROOT = resolve(import.meta.dirname, '../..')
const SOURCES = ['src/corefile/lint', 'src/corefile/lint/rules', 'src/cli/lint', 'src/cli']
const PAGE = readFileSync(join(ROOT, 'docs/lint.md'), 'utf8')

/** The codes that sources give, written out or as `CorefileErrorCode`. */
function codesInSources(): string[] {
  const texts = SOURCES.flatMap((folder) =>
    readdirSync(join(ROOT, folder))
      .filter(
        (name) => name.endsWith('.ts') && !name.endsWith('.test.ts') && (folder !== 'src/cli' || name === 'lint.ts'),
      )
      .map((name) => readFileSync(join(ROOT, folder, name), 'utf8')),
  )
  const written = texts.flatMap((text) => [
    ...[...text.matchAll(/code: '([a-z-]+)'/g)].map((match) => match[1] ?? ''),
    ...[...text.matchAll(/code: \w+ \? '([a-z-]+)' : '([a-z-]+)'/g)].flatMap((match) => [
      match[1] ?? '',
      match[2] ?? '',
    ]),
    ...[...text.matchAll(/state\(\s*'([a-z-]+)'/g)].map((match) => match[1] ?? ''),
  ])
  const errors = /export type CorefileErrorCode =([\s\S]*?)\nexport/.exec(
    readFileSync(join(ROOT, 'src/corefile/errors.ts'), 'utf8'),
  )?.[1]
  const thrown = [...(errors ?? '').matchAll(/'([a-z-]+)'/g)].map((match) => match[1] ?? '')
  return [...new Set([...written, ...thrown, 'cache-success-zero', 'cache-denial-zero'])].sort()
}

const codesOnPage = [...PAGE.matchAll(/^\| (`[^|]+`) \|/gm)]
  .flatMap((match) => [...(match[1] ?? '').matchAll(/`([a-z-]+)`/g)].map((code) => code[1] ?? ''))
  .sort()

describe('docs/lint.md', () => {
  it('names every code of lint once, and no other', () => {
    expect(codesOnPage.length).toBeGreaterThan(40)
    expect(codesOnPage).toEqual(codesInSources())
  })
})
