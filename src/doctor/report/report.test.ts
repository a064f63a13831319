import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../test/support/causes/index.ts'
import { checkSchema } from '../../../test/support/check-schema.ts'
import { diagnoseFixture } from '../../../test/support/dns-world.ts'
import type { Fixture } from '../../../test/support/dns-world.ts'
import { smallCluster } from '../../../test/support/small-cluster.ts'
import { CAUSE_CODES } from '../causes/index.ts'
import { LANGUAGES, buildReport, renderReport } from './index.ts'
import type { DoctorReport, Language } from './index.ts'
import { displayWidth } from './width.ts'

const ROOT = resolve(import.meta.dirname, '../../..')
const GOLDEN = resolve(ROOT, 'testdata/golden/doctor')
const SCHEMA = JSON.parse(readFileSync(resolve(ROOT, 'docs/schema/doctor.schema.json'), 'utf8')) as Record<
  string,
  unknown
>

async function report(fixture: Fixture, language: Language): Promise<DoctorReport> {
  return buildReport(await diagnoseFixture(fixture), language)
}

const CASES: readonly { readonly title: string; readonly make: () => Fixture }[] = [
  { title: 'healthy', make: () => ({ cluster: smallCluster() }) },
  { title: 'upstream-dead', make: CAUSE_FIXTURES['upstream-dead'].has },
  { title: 'service-ip-unreachable', make: CAUSE_FIXTURES['service-ip-unreachable'].has },
  { title: 'dns-service-selector-mismatch', make: CAUSE_FIXTURES['dns-service-selector-mismatch'].has },
  { title: 'pod-name-is-not-a-service', make: CAUSE_FIXTURES['pod-name-is-not-a-service'].has },
]

describe.each(LANGUAGES)('renderReport() in %s', (language) => {
  it.each(CASES)('$title: text is as the golden file', async ({ title, make }) => {
    const text = renderReport(await report(make(), language), 'text')
    await expect(text).toMatchFileSnapshot(`${GOLDEN}/${title}.${language}.txt`)
  })

  it.each(['json', 'md', 'junit'] as const)('upstream-dead: %s is as the golden file', async (format) => {
    const text = renderReport(await report(CAUSE_FIXTURES['upstream-dead'].has(), language), format)
    const suffix = format === 'junit' ? 'junit.xml' : format
    await expect(text).toMatchFileSnapshot(`${GOLDEN}/upstream-dead.${language}.${suffix}`)
  })

  it('text has the verdict in its first line and at most five lines of proof', async () => {
    const { verdict, ...rest } = await report(CAUSE_FIXTURES['upstream-dead'].has(), language)
    const lines = renderReport({ verdict, ...rest }, 'text').split('\n')
    expect(lines[0]).toContain(verdict?.code)
    expect(lines[0]).toContain(verdict?.summary)
    const proof = lines.slice(3)
    expect(proof.findIndex((line) => !line.startsWith('  '))).toBeLessThanOrEqual(5)
  })

  it('text aligns its table whatever the width of the characters', async () => {
    const lines = renderReport(await report({ cluster: smallCluster() }, language), 'text').split('\n')
    const rows = lines.filter((line) => /^ {2}\S.*\s(UDP|3\/3|6\/6)\s/.test(line))
    const columns = rows.map((row) => displayWidth(row.slice(0, row.search(/UDP|(ok|正常) [36]\/[36]/))))
    expect(rows.length).toBeGreaterThan(3)
    expect(new Set(columns).size).toBe(1)
  })
})

describe('the JSON report', () => {
  it.each(CAUSE_CODES)('fits its schema: %s and its near-misses', async (code) => {
    const { has, nearMisses } = CAUSE_FIXTURES[code]
    for (const make of [has, ...nearMisses.map((miss) => miss.make)]) {
      const value = JSON.parse(renderReport(await report(make(), 'en'), 'json')) as unknown
      expect(checkSchema(value, SCHEMA)).toEqual([])
    }
  })

  it('names every code in its schema', () => {
    const { $defs } = SCHEMA as { $defs: { code: { enum: string[] } } }
    expect($defs.code.enum).toEqual(CAUSE_CODES)
  })

  it('says the same in both languages but for the words', async () => {
    const [en, zh] = await Promise.all(
      LANGUAGES.map((language) => report(CAUSE_FIXTURES['upstream-dead'].has(), language)),
    )
    const bones = (value: DoctorReport | undefined): unknown => ({
      outcome: value?.outcome,
      causes: value?.causes.map(({ code, status, evidence, explains }) => [code, status, evidence.length, explains]),
      ladder: value?.ladder.map(({ id, result, rttMs }) => [id, result, rttMs]),
    })
    expect(bones(zh)).toEqual(bones(en))
  })

  it('keeps what a server says from moving the cursor of a terminal', async () => {
    const fixture: Fixture = {
      cluster: smallCluster(),
      rules: [({ name }) => (name === '/health' ? { status: 500, body: '\u001B[2Jgone\u0007' } : undefined)],
    }
    const text = renderReport(await report(fixture, 'en'), 'text')
    expect(text).toContain('HTTP 500')
    expect(text).not.toMatch(/[\u001B\u0007]/)
  })
})

describe('JUnit', () => {
  it('has one test case for each probe, and a skipped one is never passed', async () => {
    const value = await report({ cluster: smallCluster(), origins: [{ place: { kind: 'here' }, node: 'node1' }] }, 'en')
    const skippedOne = {
      ...value,
      ladder: value.ladder.map((rung, index) =>
        index === 0 ? { ...rung, result: 'skipped' as const, why: 'a <reason> & "more"' } : rung,
      ),
    }
    const xml = renderReport(skippedOne, 'junit')
    // And one for the outcome.
    expect(xml.match(/<testcase /g)?.length).toBe(value.ladder.length + value.causes.length + 1)
    expect(xml).toContain('<skipped message="a &lt;reason&gt; &amp; &quot;more&quot;"/>')
    expect(xml).toContain(`skipped="1"`)
  })
})
