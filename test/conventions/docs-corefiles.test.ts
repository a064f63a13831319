// Corefiles in the documentation are Corefiles.
import { readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { SERVED_DIRECTIVES, parseCorefile } from '../../src/corefile/index.ts'

const DOCS = resolve(import.meta.dirname, '../../docs')

const examples = readdirSync(DOCS, { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.md'))
  .flatMap((path) =>
    [...readFileSync(join(DOCS, path), 'utf8').matchAll(/^```corefile\n([\s\S]*?)^```$/gm)].map((match, index) => ({
      name: `${path} (${index + 1})`,
      text: match[1] ?? '',
    })),
  )

describe('Corefiles in docs/', () => {
  it('are there', () => {
    expect(examples.length).toBeGreaterThan(2)
  })

  it.each(examples)('$name parses, with directives that are served', ({ text }) => {
    const { blocks } = parseCorefile(text)
    expect(blocks.length).toBeGreaterThan(0)
    expect(blocks.flatMap(({ directives }) => directives).filter(({ name }) => !SERVED_DIRECTIVES.has(name))).toEqual(
      [],
    )
  })
})
