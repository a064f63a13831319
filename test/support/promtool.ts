// Prometheus' own checker: installed, or taken out of its package by the setup.
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { resolve } from 'node:path'

const UNPACKED = resolve(import.meta.dirname, '../../.setup/prometheus/usr/bin/promtool')

/** Why tests that need it are skipped. */
export const NO_PROMTOOL = 'no promtool (Debian: prometheus)'

/** Runs promtool; undefined where there is none. */
export function promtool(
  args: readonly string[],
  input = '',
): { readonly status: number | null; readonly said: string } | undefined {
  const program = existsSync(UNPACKED) ? UNPACKED : 'promtool'
  const { error, status, stdout, stderr } = spawnSync(program, args, { input, encoding: 'utf8' })
  return error === undefined ? { status, said: stdout + stderr } : undefined
}
