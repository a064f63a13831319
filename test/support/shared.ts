// Finds the project's shared material (conformance cases, Corefiles, corpus): beside the checkout, or where told.
import { existsSync } from 'node:fs'
import { join, resolve } from 'node:path'

const ROOT = process.env['FATHOM_SHARED'] ?? resolve(import.meta.dirname, '../../../shared')

/** Why a test that needs the material is skipped. */
export const SHARED_MISSING: string = 'the shared material is not there: set FATHOM_SHARED to its folder'

/** The path of one file or folder of the shared material; undefined when it is not there. */
export function sharedPath(path: string): string | undefined {
  const full = join(ROOT, path)
  return existsSync(full) ? full : undefined
}
