// Runs a suite of the shared conformance cases against the built program and gives the failed cases.
import { spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { SHARED_MISSING, sharedPath } from './shared.ts'

const PROGRAM = resolve(import.meta.dirname, '../../bin/fathom.js')
const DIFFERENCES = resolve(import.meta.dirname, '../../docs/differences.md')
const BUILT = resolve(import.meta.dirname, '../../dist/main.js')

/** Why the suites cannot be run here; undefined when they can. */
export function whyNoConformance(): string | undefined {
  if (sharedPath('conformance/run.mjs') === undefined) return SHARED_MISSING
  return existsSync(BUILT) ? undefined : 'the program is not built: run "npm run build"'
}

/** What the runner found. */
export interface SuiteResult {
  readonly passed: number
  /** `ID: what was wrong`. */
  readonly failures: readonly string[]
  /** The runner's last line: `82 passed, 0 failed`. */
  readonly summary: string
}

interface CaseResult {
  readonly id: string
  readonly pass: boolean
  readonly problems?: readonly string[]
}

/** Runs one suite. Rejects when the runner gives no result. */
export async function runSuite(suite: 'kubernetes' | 'plugins', timeoutMs: number): Promise<SuiteResult> {
  const runner = sharedPath('conformance/run.mjs')
  if (runner === undefined) throw new Error(SHARED_MISSING)
  const folder = mkdtempSync(join(tmpdir(), 'fathom-conformance-'))
  const json = join(folder, 'results.json')
  const server = `'${process.execPath}' '${PROGRAM}' serve -conf {corefile}`
  try {
    const output = await run(
      process.execPath,
      [runner, '--suite', suite, '--server', server, '--json', json],
      timeoutMs,
    )
    const summary = output.trim().split('\n').at(-1) ?? ''
    if (!/^\d+ passed, \d+ failed$/.test(summary))
      throw new Error(`the runner of suite ${suite} ended without a result: ${output}`)
    const { results } = JSON.parse(readFileSync(json, 'utf8')) as { readonly results: readonly CaseResult[] }
    const failed = results.filter(({ pass, id }) => !pass && !isDeliberate(suite, id))
    const failures = failed.map(({ id, problems = [] }) => `${id}: ${problems.join('; ')}`)
    return { passed: results.length - failures.length, failures, summary }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** What no RFC asks for may differ, if docs/differences.md names the case and says why. */
function isDeliberate(suite: string, id: string): boolean {
  const path = sharedPath(`conformance/cases-${suite}.json`)
  const cases = JSON.parse(readFileSync(path ?? '', 'utf8')) as readonly {
    readonly id: string
    readonly quirk?: string
  }[]
  const isQuirk = cases.some((one) => one.id === id && one.quirk !== undefined)
  return isQuirk && readFileSync(DIFFERENCES, 'utf8').includes(`\`${id}\``)
}

async function run(command: string, args: readonly string[], timeoutMs: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    let output = ''
    const timer = setTimeout(() => child.kill('SIGTERM'), timeoutMs)
    child.stdout.on('data', (more: Buffer) => (output += more.toString()))
    child.stderr.on('data', (more: Buffer) => (output += more.toString()))
    child.on('error', reject)
    child.on('close', () => {
      clearTimeout(timer)
      resolve(output)
    })
  })
}
