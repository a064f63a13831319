// Code, page, fixtures and wording belong together: for every cause that the program can judge, all of them exist and agree.
import { existsSync, readFileSync, readdirSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAUSES, CAUSE_CODES, CAUSE_GROUPS } from '../../src/doctor/causes/index.ts'
import type { CauseCode } from '../../src/doctor/causes/index.ts'
import { LANGUAGES, buildReport, renderReport, REPORT_FORMATS } from '../../src/doctor/report/index.ts'
import { CONSEQUENCES } from '../../src/doctor/verdict/index.ts'
import { CAUSE_FIXTURES } from '../support/causes/index.ts'
import { diagnoseFixture } from '../support/dns-world.ts'
import { sharedPath } from '../support/shared.ts'
import type { Diagnosis } from '../../src/doctor/verdict/index.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const PAGES = join(ROOT, 'docs/causes')
/** The facts that the causes were made from, where they lie beside the repository. */
const CATALOGUE = sharedPath('facts/root-causes.md')
const HEADINGS = ['Objective', 'What it needs', 'Steps', 'Outcomes', 'What it is confused with', 'Fix']

describe('causes', () => {
  it('are all registered, in the order of their codes', () => {
    expect(CAUSES.map(({ code }) => code)).toEqual(CAUSE_CODES)
  })

  it('have a page each, and no page is left over', () => {
    const pages = readdirSync(PAGES).filter((name) => name !== 'README.md')
    expect(pages.toSorted()).toEqual(CAUSE_CODES.map((code) => `${code}.md`).toSorted())
  })

  it.each(CAUSE_CODES)('%s: its file is named after it', (code) => {
    const group = Object.entries(CAUSE_GROUPS).find(([, codes]) => (codes as readonly string[]).includes(code))?.[0]
    expect(existsSync(join(ROOT, `src/doctor/causes/${group}/${code}.ts`))).toBe(true)
  })

  it.each(CAUSE_CODES)('%s: its page has every section in order and names its near-misses', (code) => {
    const text = readFileSync(join(PAGES, `${code}.md`), 'utf8')
    expect(text.startsWith(`# ${code}\n`)).toBe(true)
    expect([...text.matchAll(/^## (.+)$/gm)].map((match) => match[1])).toEqual(HEADINGS)
    const links = [...text.matchAll(/\]\(([a-z-]+)\.md\)/g)].map((match) => match[1] ?? '')
    expect(links.filter((link) => !existsSync(join(PAGES, `${link}.md`)))).toEqual([])
  })

  it.skipIf(CATALOGUE === undefined)('are all of the catalogue: 97 causes and 8 that are none, in their groups', () => {
    const rows = [...readFileSync(CATALOGUE ?? '', 'utf8').matchAll(/^\| `([a-z0-9-]+)`( \\\*)? \| ([a-z-]+) \| /gm)]
    const codes = rows.map(([, code = '', starred, group]) => ({ code, isStarred: starred !== undefined, group }))
    expect(codes.filter(({ isStarred }) => !isStarred)).toHaveLength(97)
    expect(codes.filter(({ isStarred }) => isStarred)).toHaveLength(8)
    const known = Object.entries(CAUSE_GROUPS).flatMap(([group, own]) =>
      (own as readonly string[]).map((code) => ({ code, group })),
    )
    const text = readFileSync(join(PAGES, 'README.md'), 'utf8')
    const isTold = (code: string): boolean => text.includes(`\`${code}\``)
    const missing = codes.filter(
      ({ code, group, isStarred }) =>
        !known.some((one) => one.code === code && one.group === group) && !(isStarred && isTold(code)),
    )
    expect(missing).toEqual([])
    expect(known.filter(({ code }) => !codes.some((one) => one.code === code))).toEqual([])
    const order = codes.map(({ code }) => code)
    expect(known.map(({ code }) => code)).toEqual(order.filter((code) => known.some((one) => one.code === code)))
  })

  it('fold without cycles: no cause is beneath itself', () => {
    const beneath = (code: CauseCode): CauseCode[] =>
      (CONSEQUENCES[code] ?? []).flatMap((one) => [one, ...beneath(one)])
    expect(CAUSE_CODES.filter((code) => beneath(code).includes(code))).toEqual([])
  })
})

describe.each(CAUSE_CODES)('%s', (code) => {
  const { has, isVerdict = true, isObservation = false, status, nearMisses } = CAUSE_FIXTURES[code]

  it(`is ${status ?? 'proven'} where it is`, async () => {
    const diagnosis = await diagnoseFixture(has())
    const { causes, observations } = diagnosis.verdict
    const found = (isObservation ? observations : causes).find((finding) => finding.code === code)
    expect(found?.status).toBe(status ?? 'proven')
    expect(found?.evidence.length).toBeGreaterThan(1)
    expectWording(diagnosis)
    if (isObservation) return
    expect(found?.explains.length).toBeGreaterThan(0)
    if (status === 'suspected') return
    if (isVerdict) expect(diagnosis.verdict.main?.code).toBe(code)
    expect(diagnosis.verdict.outcome).toBe('proven')
  })

  it.each(nearMisses.map((miss) => ({ ...miss })))('is not called where $title', async ({ make, allowed }) => {
    const diagnosis = await diagnoseFixture(make())
    const { causes, observations } = diagnosis.verdict
    const asCause = causes.filter((finding) => finding.code === code)
    expect(asCause.filter(({ status }) => status === 'proven')).toEqual([])
    if (allowed === 'suspected') expect(asCause.map(({ status }) => status)).toContain('suspected')
    else expect(asCause).toEqual([])
    const observed = observations.filter((finding) => finding.code === code)
    expect(observed.length > 0).toBe(allowed === 'observation')
    expectWording(diagnosis)
  })
})

/** Every renderer words every line in every language: a missing word throws. */
function expectWording(diagnosis: Diagnosis): void {
  for (const language of LANGUAGES) {
    const report = buildReport(diagnosis, language)
    for (const format of REPORT_FORMATS) {
      const text = renderReport(report, format)
      expect(text).not.toMatch(/undefined|NaN|\[object/)
    }
  }
}
