// Every pattern: a capture that has it and a near-miss that has not, taken by tcpdump of real programs in namespaces.
// FATHOM_KEEP_CAPTURES=FOLDER keeps the files; testdata/patterns has such a set, which is read everywhere.
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { PATTERN_CODES } from '../../../src/analysis/index.ts'
import { findPatternsOf } from '../../support/read-patterns.ts'
import { answerCases } from './answer-cases.ts'
import { pathCases } from './path-cases.ts'
import { createPatternLab, WHY_NO_PATTERN_NET } from './pattern-net.ts'
import type { PatternLab } from './pattern-net.ts'
import type { CaptureCase, PatternCase } from './pattern-case.ts'
import { sizeCases } from './size-cases.ts'

/** Cases mostly wait for time-outs: several run side by side, each in a set of namespaces of its own. */
const LABS = 4
const CASES: readonly PatternCase[] = [...pathCases, ...sizeCases, ...answerCases]
const kept = process.env['FATHOM_KEEP_CAPTURES']

let folder: string
const free: PatternLab[] = []
const labs: PatternLab[] = []
const waiting: ((lab: PatternLab) => void)[] = []

beforeAll(async () => {
  if (WHY_NO_PATTERN_NET !== undefined) return
  folder = kept ?? mkdtempSync(join(tmpdir(), 'fathom-patterns-'))
  mkdirSync(folder, { recursive: true })
  const work = mkdtempSync(join(tmpdir(), 'fathom-patterns-labs-'))
  labs.push(
    ...(await Promise.all(Array.from({ length: LABS }, (_, index) => createPatternLab(join(work, `${index}`))))),
  )
  free.push(...labs)
})

afterAll(async () => {
  await Promise.all(labs.map((lab) => lab.remove()))
  if (kept === undefined && folder !== undefined) rmSync(folder, { recursive: true, force: true })
})

async function take(
  name: string,
  { act, edit, ...options }: CaptureCase,
): Promise<readonly { code: string; kind: string }[]> {
  const lab = free.pop() ?? (await new Promise<PatternLab>((resolve) => waiting.push(resolve)))
  const file = join(folder, `${name}.pcap`)
  try {
    await lab.capture(file, options, act)
  } finally {
    const next = waiting.shift()
    if (next === undefined) free.push(lab)
    else next(lab)
  }
  if (edit !== undefined) writeFileSync(file, edit(readFileSync(file)))
  return findPatternsOf(file)
}

describe.skipIf(WHY_NO_PATTERN_NET !== undefined)(
  `patterns of real captures${WHY_NO_PATTERN_NET === undefined ? '' : ` (${WHY_NO_PATTERN_NET})`}`,
  { concurrent: true, timeout: 120_000 },
  () => {
    it('are all made', () => {
      expect(CASES.map(({ code }) => code).toSorted()).toEqual(PATTERN_CODES.toSorted())
    })

    it.each(CASES.map((one) => ({ ...one })))('$code', async ({ code, has, beside = [] }) => {
      const found = await take(code, has)
      expect(found.map((pattern) => pattern.code)).toContain(code)
      const faults = found.filter(({ kind }) => kind === 'fault').map((pattern) => pattern.code)
      expect(faults.filter((fault) => fault !== code && !beside.some((one) => one === fault))).toEqual([])
    })

    it.each(CASES.map((one) => ({ ...one })))('$code: not where $nearMiss.title', async ({ code, nearMiss }) => {
      const found = await take(`${code}.near-miss`, nearMiss)
      expect(found.map((pattern) => pattern.code)).not.toContain(code)
    })
  },
)
