// Debian's Chromium without a window, driven by playwright-core.
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'
import { chromium } from 'playwright-core'
import type { Browser, BrowserContextOptions, Page } from 'playwright-core'
import { expect } from 'vitest'

export const PHONE = { viewport: { width: 360, height: 740 } }
export const DESKTOP = { viewport: { width: 1280, height: 900 } }

/** Gives pages an object `checks`: widths, contrast, focus, an attack. */
export const PAGE_CHECKS: string = resolve(import.meta.dirname, 'page-checks.js')

const PROGRAMS = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** Why tests that need a browser are skipped. */
export const NO_BROWSER = 'no Chromium (Debian: chromium)'

/** The browser's program; undefined where there is none. */
export function findBrowser(): string | undefined {
  return PROGRAMS.find((program) => existsSync(program))
}

/** Starts a browser that may be run by root and reaches no network. */
export function startBrowser(executablePath: string): Promise<Browser> {
  const args = ['--no-sandbox', '--disable-dev-shm-usage', '--host-resolver-rules=MAP * ~NOTFOUND']
  return chromium.launch({ executablePath, args, timeout: 60_000 })
}

/** Opens a page with its `checks`, gives it to `look`, and fails when the browser complained or asked for anything else. */
export async function openPage(
  browser: Browser,
  { url, ...options }: BrowserContextOptions & { readonly url: string },
  look: (page: Page) => Promise<void>,
): Promise<void> {
  const context = await browser.newContext(options)
  try {
    const page = await context.newPage()
    await page.addInitScript({ path: PAGE_CHECKS })
    const complaints: string[] = []
    const requests: string[] = []
    page.on('console', (message) => complaints.push(message.text()))
    page.on('pageerror', (error) => complaints.push(error.message))
    page.on('request', (request) => requests.push(request.url()))
    await page.goto(url)
    await look(page)
    expect({ complaints, requests }).toEqual({ complaints: [], requests: [url] })
  } finally {
    await context.close()
  }
}
