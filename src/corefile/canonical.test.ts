import { describe, expect, it } from 'vitest'
import { memorySource } from '../../test/support/memory-source.ts'
import { canonicalCorefile } from './canonical.ts'
import { parseCorefile } from './parser.ts'

const canonical = (text: string, files = {}, environment = {}): string =>
  canonicalCorefile(parseCorefile(text, { source: memorySource(files, environment) }))

describe('canonicalCorefile()', () => {
  it('is the same for texts that differ in comments, white space and how they are split into files', () => {
    const plain = canonical('. {\nforward . 1.1.1.1 {\nforce_tcp\n}\nlog\n}')
    expect(canonical('# c\n.  {\n\n forward . "1.1.1.1" { # x\n force_tcp\n }\n import a\n}', { a: 'log' })).toBe(plain)
  })

  it('differs when an argument, its line, an import or a variable differs', () => {
    const texts = [
      canonical('. {\nforward . 1.1.1.1 2.2.2.2\n}'),
      canonical('. {\nforward . 1.1.1.1\nforward 2.2.2.2\n}'),
      canonical('. {\nforward . 1.1.1.1\n}'),
      canonical('. {\nimport a\n}', { a: 'forward . 3.3.3.3' }),
      canonical('. {\nforward . {$UP}\n}', {}, { UP: '4.4.4.4' }),
      canonical('. {\nforward . "1.1.1.1 2.2.2.2"\n}'),
    ]
    expect(new Set(texts).size).toBe(texts.length)
  })
})
