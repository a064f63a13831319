#!/usr/bin/env node
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const program = new URL('../dist/main.js', import.meta.url)
// A checkout (also one that "npm i -g ." links to) is not built until something builds it: the first call does.
const setup = fileURLToPath(new URL('../scripts/setup.mjs', import.meta.url))
if (!existsSync(program) && existsSync(setup)) {
  spawnSync(process.execPath, [setup, '--no-apt'], { stdio: ['ignore', 2, 2] })
}
if (!existsSync(program)) {
  process.stderr.write(
    'fathom: the program is not built: dist/main.js is missing; run "npm run setup" in the checkout\n',
  )
  process.exit(2)
}
await import(program.href)
