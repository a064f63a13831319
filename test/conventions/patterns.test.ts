// Every pattern has its threshold in the documentation, and nothing else has.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { expect, it } from 'vitest'
import { PATTERN_CODES } from '../../src/analysis/patterns/codes.ts'

it('docs/patterns/README.md has a row for each pattern', () => {
  const text = readFileSync(resolve(import.meta.dirname, '../../docs/patterns/README.md'), 'utf8')
  const rows = [...text.matchAll(/^\| `([a-z0-9-]+)` \| (?:fault|observation) \| \S/gm)].map(([, code]) => code)
  expect(new Set(rows)).toEqual(new Set(PATTERN_CODES))
})
