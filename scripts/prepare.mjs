// Runs when the package is installed from a checkout or packed: builds dist/ when the build tools are there.
// A registry install ships dist/ and has no build tools; it has nothing to do here.
import { existsSync } from 'node:fs'

if (existsSync(new URL('../node_modules/esbuild', import.meta.url))) await import('./build.mjs')
