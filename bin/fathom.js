#!/usr/bin/env node
import { existsSync } from 'node:fs'

const program = new URL('../dist/main.js', import.meta.url)
if (!existsSync(program)) {
  process.stderr.write(
    'fathom: the program is not built: dist/main.js is missing; run "npm run setup" in the checkout\n',
  )
  process.exit(2)
}
await import(program.href)
