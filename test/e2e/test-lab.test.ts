// `npm run test:lab` as far as its script: what it counts, tries again and keeps, with a program in the doctor's place that is wrong on purpose.
import { execFile } from 'node:child_process'
import { mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'

const SCRIPT = resolve(import.meta.dirname, '../../scripts/test-lab.mjs')

/** Names the fault that is in its lab from the Nth question about it on, where the fault is called `…-N`. */
const STAND_IN = `
import { appendFileSync, existsSync, readFileSync, writeFileSync } from 'node:fs'
const [command, sub, third] = process.argv.slice(2)
const folder = process.env.XDG_RUNTIME_DIR
const log = process.env.STAND_IN_LOG
const faults = process.env.STAND_IN_FAULTS.split(',')
if (sub === 'faults') {
  const list = faults.map((name) => ({ name, cause: 'upstream-dead', shownBy: [] }))
  process.stdout.write(JSON.stringify({ faults: list }))
} else if (sub === 'up') {
  process.stdout.write('up')
  process.on('SIGTERM', () => process.exit(0))
  setInterval(() => {}, 1000)
} else if (sub === 'inject') {
  writeFileSync(folder + '/fault', third)
} else if (command === 'doctor') {
  const fault = readFileSync(folder + '/fault', 'utf8')
  appendFileSync(log, fault + ' ' + folder + '\\n')
  const asked = readFileSync(log, 'utf8').split('\\n').filter((line) => line.startsWith(fault + ' ')).length
  const isSeen = asked >= Number(fault.split('-').at(-1))
  const causes = isSeen ? [{ code: 'upstream-dead', status: 'proven' }] : []
  process.stdout.write(JSON.stringify({ outcome: isSeen ? 'causes' : 'healthy', causes, observations: [] }))
}
`

let folder = ''
let count = 0

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-test-lab-test-'))
  writeFileSync(join(folder, 'stand-in.mjs'), STAND_IN)
})
afterAll(() => {
  rmSync(folder, { recursive: true, force: true })
})

interface Run {
  readonly status: number
  readonly lines: readonly string[]
  /** Faults with the lab in which they were asked about, in order. */
  readonly asked: readonly { readonly fault: string; readonly lab: string }[]
  /** Names of the kept reports. */
  readonly kept: readonly string[]
}

async function runFaults(faults: readonly string[]): Promise<Run> {
  count += 1
  const log = join(folder, `log-${count}`)
  const keep = join(folder, `keep-${count}`)
  const env = {
    ...process.env,
    FATHOM_PROGRAM: join(folder, 'stand-in.mjs'),
    STAND_IN_LOG: log,
    STAND_IN_FAULTS: faults.join(','),
  }
  const args = [SCRIPT, '--faults', '--grade', 'loopback', '--jobs', '2', '--keep', keep]
  const { status, stdout } = await new Promise<{ status: number; stdout: string }>((done) => {
    execFile(process.execPath, args, { env }, (error, output) => {
      done({ status: error === null ? 0 : Number(error.code), stdout: output })
    })
  })
  const asked = readFileSync(log, 'utf8')
    .trim()
    .split('\n')
    .map((line) => {
      const [fault = '', lab = ''] = line.split(' ')
      return { fault, lab }
    })
  return { status, lines: stdout.split('\n'), asked, kept: readdirSync(keep).toSorted() }
}

it('test-lab.mjs tries what was missed once more, in a fresh lab, and says so', async () => {
  const { status, lines, asked, kept } = await runFaults(['one-1', 'two-2', 'three-1'])
  expect(status).toBe(0)
  expect(lines.filter((line) => line.startsWith('two-2'))).toEqual([
    expect.stringMatching(/^two-2 +MISSED +[\d.]+ {2}\[healthy\]$/),
    expect.stringMatching(/^two-2 +proven +[\d.]+ {2}2nd try: upstream-dead$/),
  ])
  expect(lines.join('\n')).toMatch(/^3 as they should be, 1 of them at the second try, 0 not, in /m)
  const last = asked.at(-1)
  expect(last?.fault).toBe('two-2')
  expect(asked.slice(0, -1).map(({ lab }) => lab)).not.toContain(last?.lab)
  expect(kept).toEqual(
    ['one-1', 'three-1', 'two-2', 'two-2-2nd-try'].map((name) => `faults-loopback-${name}.json`).toSorted(),
  )
})

it('test-lab.mjs fails for what is missed twice', async () => {
  const twice = await runFaults(['one-1', 'three-3'])
  expect(twice.status).toBe(1)
  expect(twice.asked.filter(({ fault }) => fault === 'three-3')).toHaveLength(2)
  expect(twice.lines.join('\n')).toMatch(/^1 as they should be, 1 not, in .*\n {2}faults, loopback: three-3$/m)
})

it('test-lab.mjs takes a suite of misses for no chance', async () => {
  const faults = Array.from({ length: 11 }, (_, index) => `fault${index}-2`)
  const { status, asked, lines } = await runFaults(faults)
  expect(status).toBe(1)
  expect(asked).toHaveLength(faults.length)
  expect(lines).toContain('faults, loopback: 11 missed, too many for a 2nd try')
})
