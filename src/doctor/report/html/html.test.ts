import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { CAUSE_FIXTURES } from '../../../../test/support/causes/index.ts'
import { diagnoseFixture } from '../../../../test/support/dns-world.ts'
import type { Fixture } from '../../../../test/support/dns-world.ts'
import { smallCluster } from '../../../../test/support/small-cluster.ts'
import { escapeHtml } from '../../../page/markup.ts'
import { CAUSE_GROUPS } from '../../causes/index.ts'
import type { CauseCode } from '../../causes/index.ts'
import { LANGUAGES, buildReport, renderReport } from '../index.ts'
import type { DoctorReport, Language } from '../index.ts'

const GOLDEN = resolve(import.meta.dirname, '../../../../testdata/golden/doctor')
const ONE_OF_EACH_GROUP = Object.values(CAUSE_GROUPS).flatMap((codes: readonly CauseCode[]) => codes.slice(0, 1))
const VOID = new Set(['meta'])
const HOSTILE = `</title><script>alert(1)</script><img src=x onerror=alert(1)>"' style='x`

const HEALTHY = (): Fixture => ({ cluster: smallCluster() })
const DEAD = CAUSE_FIXTURES['upstream-dead'].has

async function report(make: () => Fixture, language: Language = 'en'): Promise<DoctorReport> {
  return buildReport(await diagnoseFixture(make()), language)
}

/** What is wrong with the nesting: elements left open, closed out of turn, or ids and attributes said twice. */
function nestingFaults(page: string): string[] {
  const faults: string[] = []
  const open: string[] = []
  const body = page.replace(/<style>[^]*<\/style>/, '').replace('<!doctype html>', '')
  for (const [tag, closing = '', name = '', attributes = '', selfClosing = ''] of body.matchAll(
    /<(\/?)([a-z][a-z0-9]*)((?:\s+[a-zA-Z-]+="[^"<>]*")*)\s*(\/?)>|</g,
  )) {
    if (name === '') faults.push(`stray < in ${tag}`)
    const names = [...attributes.matchAll(/\s([a-zA-Z-]+)=/g)].map((match) => match[1])
    if (new Set(names).size < names.length) faults.push(`attribute twice in ${tag}`)
    if (closing === '/') {
      if (open.pop() !== name) faults.push(`${tag} closes another element`)
      continue
    }
    if (['p', 'h1', 'h2', 'h3', 'dt', 'summary'].includes(open.at(-1) ?? '') && BLOCKS.has(name)) {
      faults.push(`${tag} inside ${open.at(-1)}`)
    }
    if (['ul', 'ol'].includes(open.at(-1) ?? '') && name !== 'li') faults.push(`${tag} directly in a list`)
    if (selfClosing === '' && !VOID.has(name)) open.push(name)
  }
  return [...faults, ...open.map((name) => `${name} left open`)]
}
const BLOCKS = new Set(['p', 'ul', 'ol', 'dl', 'div', 'pre', 'table', 'section', 'details', 'h1', 'h2', 'h3'])

describe.each(LANGUAGES)('renderHtml() in %s', (language) => {
  it.each([
    { title: 'healthy', make: HEALTHY },
    { title: 'upstream-dead', make: DEAD },
  ])('$title: is as the golden file', async ({ title, make }) => {
    const page = renderReport(await report(make, language), 'html')
    await expect(page).toMatchFileSnapshot(`${GOLDEN}/${title}.${language}.html`)
  })
})

describe('renderHtml()', () => {
  it.each(ONE_OF_EACH_GROUP)('nests its elements and names no place to load from: %s', async (code) => {
    const page = renderReport(await report(CAUSE_FIXTURES[code].has), 'html')
    expect(nestingFaults(page)).toEqual([])
    expect(page).not.toMatch(/<(script|link|img|iframe|object|base|form)\b|\s(src|on\w+|style)=|@import|url\(/)
    expect([...page.matchAll(/href="([^"]*)"/g)].map((match) => match[1])).toEqual(['#verdict'])
  })

  it('escapes every text of the report, wherever it stands', async () => {
    const value = await report(DEAD)
    const texts = JSON.stringify(value, (key, one: unknown) =>
      typeof one === 'string' && !['language', 'outcome', 'hop', 'transport', 'result', 'status', 'basis'].includes(key)
        ? `${one}${HOSTILE}`
        : one,
    )
    const page = renderReport(JSON.parse(texts) as DoctorReport, 'html')
    expect(page).toContain('&lt;/title&gt;&lt;script&gt;alert(1)')
    expect(page).not.toMatch(/<script|<img|<\/title>[^]*<\/title>/)
    expect(nestingFaults(page)).toEqual([])
  })

  it('says the verdict, its proof, the command and the risk before anything else', async () => {
    const value = await report(DEAD)
    const page = renderReport(value, 'html')
    const [cause] = value.causes
    const verdict = page.slice(page.indexOf('<h1>'), page.indexOf('<section>'))
    for (const text of [cause?.summary, cause?.title, cause?.evidence[0]?.text, cause?.fix.command, cause?.fix.risk]) {
      expect(verdict).toContain(escapeHtml(text ?? 'missing'))
    }
  })

  it('gives each stop of the way its state, and never calls good what was not asked', async () => {
    const value = await report(DEAD)
    const stops = (page: string): string[] =>
      [...page.matchAll(/<li class="card (\w+)"><h3>([^<]*)/g)].map((match) => `${match[2]} ${match[1]}`)
    expect(stops(renderReport(value, 'html'))).toEqual([
      'pod none',
      'resolv.conf none',
      'node cache ok',
      'DNS Service ok',
      'replica ok',
      'upstream failed',
    ])
    const nothing = renderReport({ ...value, causes: [], verdict: null, unexplained: [], ladder: [] }, 'html')
    expect(stops(nothing).every((stop) => stop.endsWith(' none'))).toBe(true)
  })

  it('draws one strip of latency for each hop and transport, lost responses counted', async () => {
    const value = await report(DEAD)
    const page = renderReport(value, 'html')
    const asked = value.ladder.filter(({ result }) => result !== 'skipped')
    expect(page).toContain('<b>upstream UDP</b> 1.2 ms, median 1.2 ms, 2 without a response')
    expect(page.match(/class="plot"/g)?.length).toBe(
      new Set(asked.map(({ hop, transport }) => `${hop} ${transport}`)).size,
    )
  })
})
