// The conformance cases for Corefiles: which are accepted, what the others are refused with, how blocks are read. Each case
// runs in this process, and all of them once more through the program, with the cases' own runner.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, resolve } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { describeError } from '../../src/base/index.ts'
import { PLUGINS } from '../../src/plugins/index.ts'
import { checkServer } from '../../src/server/index.ts'
import { SHARED_MISSING, sharedPath } from '../support/shared.ts'

interface Block {
  readonly zones: readonly string[]
  readonly port: string
  readonly transport: string
  readonly plugins: readonly string[]
}

interface CorefileCase {
  readonly id: string
  readonly corefile: string
  readonly ok: boolean
  readonly errorContains?: string
  readonly blocks?: readonly Block[]
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

const REPOSITORY = resolve(import.meta.dirname, '../..')
const casesPath = sharedPath('conformance/cases-corefile.json')
const runnerPath = sharedPath('conformance/run.mjs')
const cases: readonly CorefileCase[] = casesPath === undefined ? [] : JSON.parse(readFileSync(casesPath, 'utf8'))
const scratch = mkdtempSync(join(tmpdir(), 'fathom-corefile-'))

afterAll(() => rmSync(scratch, { recursive: true, force: true }))

/** What the program says to a case: its blocks, or the message it is refused with. */
async function check({ id, corefile, files = {}, env = {} }: CorefileCase): Promise<readonly Block[] | string> {
  const directory = join(scratch, id)
  const fill = (text: string): string => fillPlaceholders(text, directory)
  for (const [name, text] of Object.entries({ ...files, Corefile: corefile })) {
    mkdirSync(dirname(join(directory, name)), { recursive: true })
    writeFileSync(join(directory, name), fill(text))
  }
  try {
    const blocks = await checkServer({
      plugins: PLUGINS,
      corefile: { path: join(directory, 'Corefile') },
      environment: Object.fromEntries(Object.entries(env).map(([name, value]) => [name, fill(value)])),
      write: () => undefined,
    })
    return blocks.map(({ block }) => {
      const { zones, port, transport, directives } = block
      return { zones, port: String(port), transport, plugins: directives.toSorted() }
    })
  } catch (error) {
    return describeError(error)
  }
}

function fillPlaceholders(text: string, directory: string): string {
  const values: Readonly<Record<string, string>> = {
    PORT: '1053',
    PORT2: '1054',
    DIR: directory,
    API: 'http://127.0.0.1:9',
    UPSTREAM: '127.0.0.1:9',
    BIND: 'bind 127.0.0.1',
  }
  return text.replaceAll(/\{\{([A-Z0-9]+)\}\}/g, (whole, name: string) => values[name] ?? whole)
}

describe.skipIf(cases.length === 0)(`conformance cases for Corefiles (${SHARED_MISSING})`, () => {
  it('are there', () => {
    expect(cases.length).toBeGreaterThan(150)
  })

  it.each(cases)('$id', async (given) => {
    const outcome = await check(given)
    if (!given.ok) {
      const message = typeof outcome === 'string' ? outcome : 'accepted, but it is bad'
      expect(typeof outcome).toBe('string')
      expect(message.toLowerCase()).toContain((given.errorContains ?? '').toLowerCase())
      return
    }
    expect(outcome).toBeInstanceOf(Array)
    if (given.blocks === undefined) return
    const wanted = given.blocks.map((block) => {
      return { ...block, port: fillPlaceholders(block.port, ''), plugins: block.plugins.toSorted() }
    })
    expect(outcome).toEqual(wanted)
  })
})

const isBuilt = existsSync(join(REPOSITORY, 'dist/main.js'))
const missing = runnerPath === undefined ? SHARED_MISSING : 'the program is not built: npm run build'

describe.skipIf(runnerPath === undefined || !isBuilt)(`fathom serve --check and --dump (${missing})`, () => {
  it('pass the runner of the cases, messages included', { timeout: 300_000 }, async () => {
    const program = `node ${join(REPOSITORY, 'bin/fathom.js')} serve`
    const args = ['--suite', 'corefile', '--strict-errors']
    const commands = ['--check', `${program} --check {corefile}`, '--dump', `${program} --dump {corefile}`]
    const output = await run(process.execPath, [runnerPath ?? '', ...args, ...commands])
    expect(output.trim().split('\n').at(-1)).toBe(`${cases.length} passed, 0 failed`)
  })
})

function run(command: string, args: readonly string[]): Promise<string> {
  return new Promise((done, failed) => {
    let output = ''
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        output += text
      })
    }
    child.on('error', failed).on('close', () => done(output))
  })
}
