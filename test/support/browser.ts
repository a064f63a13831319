// Debian's Chromium without a window, driven by playwright-core.
import { existsSync } from 'node:fs'
import { chromium } from 'playwright-core'
import type { Browser } from 'playwright-core'

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
