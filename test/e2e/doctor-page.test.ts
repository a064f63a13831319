// The doctor's page in a real browser: what a phone, a keyboard, a dark room and a printer make of it.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { LANGUAGES, buildReport, renderReport } from '../../src/doctor/report/index.ts'
import type { Language } from '../../src/doctor/report/index.ts'
import type { Diagnosis } from '../../src/doctor/verdict/index.ts'
import { DESKTOP, NO_BROWSER, PAGE_CHECKS, PHONE, findBrowser, openPage, startBrowser } from '../support/browser.ts'
import { CAUSE_FIXTURES } from '../support/causes/index.ts'
import { diagnoseFixture } from '../support/dns-world.ts'
import type { Rule } from '../support/dns-world.ts'
import { DNS_IP, smallCluster } from '../support/small-cluster.ts'

const WHITE = 'rgb(255, 255, 255)'
const program = findBrowser()
const folder = mkdtempSync(join(tmpdir(), 'fathom-page-'))
const pages = new Map<string, string>()
let browser: Browser

beforeAll(async () => {
  if (program === undefined) return
  let asked = 0
  const lossy: Rule = ({ to, transport }) =>
    to === DNS_IP && transport === 'udp' && (asked += 1) % 5 === 0 ? 'silent' : undefined
  const cluster = smallCluster()
  const diagnoses: Record<string, Diagnosis> = {
    healthy: await diagnoseFixture({ cluster }),
    dead: await diagnoseFixture(CAUSE_FIXTURES['upstream-dead'].has()),
    absent: await diagnoseFixture({ cluster, name: 'db-0.db.svc.cluster.local' }),
    lossy: await diagnoseFixture({ cluster, rules: [lossy], repeat: 20 }),
  }
  for (const [name, diagnosis] of Object.entries(diagnoses)) {
    for (const language of LANGUAGES) {
      const file = join(folder, `${name}.${language}.html`)
      writeFileSync(file, renderReport(buildReport(diagnosis, language), 'html'))
      pages.set(`${name}.${language}`, pathToFileURL(file).href)
    }
  }
  browser = await startBrowser(program)
}, 120_000)
afterAll(async () => {
  if (program !== undefined) await browser.close()
  rmSync(folder, { recursive: true })
})

function open(
  name: string,
  { language = 'en', ...options }: BrowserContextOptions & { readonly language?: Language },
  look: (page: Page) => Promise<void>,
): Promise<void> {
  return openPage(browser, { ...options, url: pages.get(`${name}.${language}`) ?? '' }, look)
}

const NAMES = ['healthy', 'dead', 'absent', 'lossy'] as const
const EACH = NAMES.flatMap((name) => LANGUAGES.map((language) => ({ name, language })))

describe.skipIf(program === undefined)(`the page in Chromium${program === undefined ? `: ${NO_BROWSER}` : ''}`, () => {
  it.each(EACH)(
    '$name in $language fits a phone of 360 px, everything opened, and is readable by day and night',
    async (one) => {
      await open(one.name, { ...PHONE, language: one.language }, async (page) => {
        await page.evaluate('checks.openAll()')
        expect(await page.evaluate('checks.widths()')).toEqual({ scrollWidth: 360, clientWidth: 360, wide: [] })
        expect(await page.evaluate('checks.ground()')).toBe(WHITE)
        expect(await page.evaluate('checks.lowContrast()')).toEqual([])
        await page.emulateMedia({ colorScheme: 'dark' })
        expect(await page.evaluate('checks.ground()')).not.toBe(WHITE)
        expect(await page.evaluate('checks.lowContrast()')).toEqual([])
      })
    },
  )

  it('the keyboard reaches the skip link first and then everything that opens, in the order of reading', async () => {
    await open('dead', DESKTOP, async (page) => {
      const count = await page.evaluate<number>('checks.numberFocusable()')
      expect(count).toBeGreaterThan(10)
      for (let order = 0; order < count; order += 1) {
        await page.keyboard.press('Tab')
        expect(await page.evaluate('checks.focused()')).toEqual({ order, outline: 'solid', isSeen: true })
      }
    })
  })

  it('a key opens what is folded, and the skip link leads to the verdict', async () => {
    await open('dead', DESKTOP, async (page) => {
      await page.keyboard.press('Tab')
      await page.keyboard.press('Enter')
      expect(await page.evaluate('document.activeElement.id')).toBe('verdict')
      await page.locator('summary').first().focus()
      await page.keyboard.press('Enter')
      expect(await page.locator('details').first().getAttribute('open')).toBe('')
    })
  })

  it('a screen reader finds the verdict as heading, the ladder as table with named columns, states as words', async () => {
    await open('dead', PHONE, async (page) => {
      expect(await page.getByRole('heading', { level: 1 }).count()).toBe(1)
      expect(await page.getByRole('main').count()).toBe(1)
      expect(await page.getByRole('columnheader').count()).toBe(5)
      expect(await page.getByRole('row').count()).toBeGreaterThan(5)
      expect(await page.getByRole('listitem').filter({ hasText: 'upstream' }).first().innerText()).toMatch(/failed/)
    })
  })

  it('its policy stops whatever might get past the escaping', async () => {
    const context = await browser.newContext()
    const page = await context.newPage()
    await page.addInitScript({ path: PAGE_CHECKS })
    const violations: string[] = []
    page.on('console', (message) => violations.push(message.text()))
    await page.goto(pages.get('dead.en') ?? '')
    expect(await page.evaluate('checks.attack()')).toEqual({ hasRun: false, isRefused: true })
    expect(violations.join('\n')).toMatch(/Content Security Policy/)
    await context.close()
  })

  it.each(LANGUAGES)('prints in %s with everything open, on white in dark mode too', async (language) => {
    await open('dead', { ...DESKTOP, language, colorScheme: 'dark' }, async (page) => {
      await page.emulateMedia({ media: 'print' })
      expect(await page.evaluate('checks.closed()')).toBe(0)
      expect(await page.evaluate('checks.ground()')).toBe(WHITE)
      expect(await page.evaluate('checks.lowContrast()')).toEqual([])
      expect((await page.pdf({ format: 'A4' })).subarray(0, 5).toString()).toBe('%PDF-')
    })
  })
})
