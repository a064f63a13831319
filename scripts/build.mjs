// Bundles src/ into dist/: one entry, one chunk per lazily loaded command, so that a cold start reads little.
// Dependencies stay in node_modules: they are loaded on use only.
import { existsSync, readFileSync, renameSync, rmSync } from 'node:fs'
import { build } from 'esbuild'

const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8'))
// The program, and the threads that it starts from files of their own.
const ENTRY_POINTS = JSON.parse(readFileSync(new URL('entry-points.json', import.meta.url), 'utf8'))
const root = new URL('..', import.meta.url).pathname
// Built aside and put in place at once: a program that starts meanwhile finds either the old build or the new one.
const aside = `${root}dist.${process.pid}`
await build({
  absWorkingDir: root,
  entryPoints: ENTRY_POINTS,
  outdir: aside,
  bundle: true,
  splitting: true,
  format: 'esm',
  platform: 'node',
  target: 'node20.19',
  packages: 'external',
  sourcemap: true,
  define: { FATHOM_VERSION: JSON.stringify(version) },
  logLevel: 'warning',
})
const old = `${aside}.old`
if (existsSync(`${root}dist`)) renameSync(`${root}dist`, old)
renameSync(aside, `${root}dist`)
rmSync(old, { recursive: true, force: true })
