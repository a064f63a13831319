// Runs the whole suite and ends with one plain line that counts: "N passed, N failed[, N skipped]".
//
// Its tests use real sockets, kernels and clocks of a machine that may be busy with other things. Files with a failed test run once
// more, by themselves; what fails again has failed, and what did not is named: it waits for a time where it should wait for a state.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'

/** With more failed files than this nothing is merely late. */
const MOST_SECOND_TRIES = 5

const root = fileURLToPath(new URL('..', import.meta.url))
const dir = mkdtempSync(join(tmpdir(), 'fathom-test-'))
try {
  process.exitCode = main(process.argv.slice(2))
} finally {
  rmSync(dir, { recursive: true, force: true })
}

function main(args) {
  const first = runVitest('first', args)
  const files = first.failures.map(({ file }) => file)
  const isWorthIt = files.length > 0 && files.length <= MOST_SECOND_TRIES
  const second = isWorthIt ? runVitest('second', ['--maxWorkers=1', ...files]) : undefined
  const last = second ?? first
  const failed = last.failed
  const passed = second === undefined ? first.passed : first.passed + first.failed - failed
  for (const { file, titles } of isWorthIt ? first.failures : [])
    for (const title of titles) say(`failed at the first try: ${file}: ${title}`)
  say(`${passed} passed, ${failed} failed${first.skipped > 0 ? `, ${first.skipped} skipped` : ''}`)
  return last.isWell && failed === 0 && passed > 0 ? 0 : 1
}

/** @returns counts of tests, the files with failures, and whether Vitest itself was content */
function runVitest(name, args) {
  const json = join(dir, `${name}.json`)
  const flags = ['run', '--reporter=default', '--reporter=json', `--outputFile.json=${json}`, ...args]
  const { status } = spawnSync(join(root, 'node_modules', '.bin', 'vitest'), flags, {
    cwd: root,
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  try {
    const { testResults, numPassedTests, numFailedTests, numPendingTests, numTodoTests } = JSON.parse(
      readFileSync(json, 'utf8'),
    )
    const failures = testResults.filter((file) => file.status === 'failed').map(readFailure)
    return {
      isWell: status === 0,
      passed: numPassedTests,
      // A file that could not be loaded counts as one.
      failed: numFailedTests + failures.filter(({ isBroken }) => isBroken).length,
      skipped: numPendingTests + numTodoTests,
      failures,
    }
  } catch {
    return { isWell: false, passed: 0, failed: 1, skipped: 0, failures: [] }
  }
}

function readFailure({ name, assertionResults }) {
  const titles = assertionResults.filter(({ status }) => status === 'failed').map(({ fullName }) => fullName)
  const isBroken = titles.length === 0
  return { file: relative(root, name), titles: isBroken ? ['the file itself'] : titles, isBroken }
}

function say(line) {
  process.stdout.write(`${line}\n`)
}
