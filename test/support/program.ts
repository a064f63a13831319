// The program as users run it, bundled from the present source into a folder of the test's own.
import { symlinkSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { build } from 'esbuild'
import ENTRY_POINTS from '../../scripts/entry-points.json' with { type: 'json' }

const ROOT = resolve(import.meta.dirname, '../..')

/**
 * Bundles the program below `folder`; the result is the path to run with Node.
 *
 * @param beside entry points of a test's own by name: they lie beside the program
 */
export async function bundleProgram(folder: string, beside: Readonly<Record<string, string>> = {}): Promise<string> {
  const outdir = join(folder, 'program', 'dist')
  await build({
    absWorkingDir: ROOT,
    entryPoints: { ...ENTRY_POINTS, ...beside },
    outdir,
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
    logLevel: 'warning',
  })
  // Dependencies and the reference cluster are found beside dist/, as in an installation.
  for (const name of ['node_modules', 'lab', 'package.json'])
    symlinkSync(join(ROOT, name), join(folder, 'program', name))
  return join(outdir, 'main.js')
}
