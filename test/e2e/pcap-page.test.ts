// The page of `fathom pcap -o html` in a real browser: it fits, can be read, asks for nothing, and draws every leg of a flow.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { Writable } from 'node:stream'
import { pathToFileURL } from 'node:url'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { pcapCommand } from '../../src/cli/pcap.ts'
import { DESKTOP, NO_BROWSER, PHONE, findBrowser, openPage, startBrowser } from '../support/browser.ts'
import { QUERY, captureOf, frameOf } from '../support/captures.ts'

const PATTERNS = resolve(import.meta.dirname, '../../testdata/patterns')
const program = findBrowser()
const folder = mkdtempSync(join(tmpdir(), 'fathom-pcap-page-'))
let browser: Browser

beforeAll(async () => {
  if (program !== undefined) browser = await startBrowser(program)
}, 120_000)
afterAll(async () => {
  if (program !== undefined) await browser.close()
  rmSync(folder, { recursive: true })
})

/** What `fathom pcap` prints. */
async function pcap(...args: string[]): Promise<string> {
  let text = ''
  const stdout = new Writable({
    write(chunk: Buffer, _encoding, done) {
      text += chunk.toString()
      done()
    },
  })
  await pcapCommand.run(args, { stdout, stderr: stdout, stdin: process.stdin, env: {}, color: false })
  return text
}

/** Opens the page that these arguments give. */
async function open(
  args: readonly string[],
  options: BrowserContextOptions,
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const file = join(folder, 'page.html')
  writeFileSync(file, await pcap(...args, '-o', 'html'))
  await openPage(browser, { ...options, url: pathToFileURL(file).href }, look)
}

const title = `the page of fathom pcap in Chromium${program === undefined ? `: ${NO_BROWSER}` : ''}`
describe.skipIf(program === undefined)(title, () => {
  it.each([{ flow: [] }, { flow: ['--flow', '2'] }])(
    'fits a phone, and is readable by day and night: %j',
    async ({ flow }) => {
      await open([join(PATTERNS, 'endpoint-unresponsive.pcap'), ...flow], PHONE, async (page) => {
        await page.evaluate('checks.openAll()')
        const { scrollWidth } = await page.evaluate<{ scrollWidth: number }>('checks.widths()')
        expect(scrollWidth).toBe(360)
        expect(await page.evaluate('checks.lowContrast()')).toEqual([])
        await page.emulateMedia({ colorScheme: 'dark' })
        expect(await page.evaluate('checks.lowContrast()')).toEqual([])
        expect(await page.getByRole('heading', { level: 1 }).innerText()).toMatch(/^\s*endpoint-unresponsive: /)
      })
    },
  )

  it('draws a flow: a line for each address, an arrow from sender to receiver for each leg, none over another', async () => {
    await open([join(PATTERNS, 'endpoint-unresponsive.pcap'), '--flow', '2'], DESKTOP, async (page) => {
      expect(await page.locator('.flow .life').count()).toBe(3)
      expect(await page.locator('.flow .arrow').count()).toBe(2)
      const drawn = await page.locator('.flow text').allTextContents()
      expect(drawn).toContain('10.99.96.10')
      expect(drawn.filter((text) => text === 'udp query A id 64938')).toHaveLength(2)
      const boxes = await page.locator('.flow text').evaluateAll((texts) =>
        texts.map((text) => {
          const { left, right, top, bottom } = text.getBoundingClientRect()
          return { left, right, top, bottom }
        }),
      )
      const covered = boxes.filter((one, index) =>
        boxes
          .slice(index + 1)
          .some(
            (other) =>
              one.left < other.right && other.left < one.right && one.top < other.bottom && other.top < one.bottom,
          ),
      )
      expect(covered).toEqual([])
    })
  })

  it('says the same as a table, and the drawing is reached by the keyboard', async () => {
    await open([join(PATTERNS, 'endpoint-unresponsive.pcap'), '--flow', '2'], PHONE, async (page) => {
      await page.locator('summary').click()
      expect(await page.getByRole('row').count()).toBe(3)
      expect(await page.getByRole('row').nth(2).innerText()).toMatch(/behind NAT/)
      expect(await page.locator('.flow').getAttribute('tabindex')).toBe('0')
    })
  })

  it('shows names from the wire as text', async () => {
    const name = '<img src=x onerror=alert(1)>.example'
    const query = { ...QUERY, name }
    const file = join(folder, 'hostile.pcap')
    writeFileSync(file, captureOf([frameOf(query, 1), frameOf({ ...query, isResponse: true }, 1)], 1))
    await open([file, '--flow', '1'], DESKTOP, async (page) => {
      expect(await page.locator('img').count()).toBe(0)
      expect(await page.getByRole('heading', { level: 2 }).first().innerText()).toContain('<img')
    })
  })
})
