// Labs that do not come up, or whose processes are killed: one line says why, and nothing is left on this machine.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  readdirSync,
  rmSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { WHY_NO_LAB, startNetnsLab } from '../support/netns-lab.ts'
import type { NetnsLabRig } from '../support/netns-lab.ts'
import { bundleProgram } from '../support/program.ts'

const NAME = `g${process.pid}`
const POLL = { timeout: 60_000, interval: 20 }
/** A lab that is given up while it starts would be left behind. In milliseconds. */
const PATIENCE_MS = 300_000

let folder: string
let program: string
let rulesBefore: ReadonlySet<string>

beforeAll(async () => {
  if (WHY_NO_LAB !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'fathom-given-up-'))
  rulesBefore = new Set(serviceRules())
  program = await bundleProgram(folder)
})
afterAll(() => {
  if (WHY_NO_LAB === undefined) rmSync(folder, { recursive: true, force: true })
})

interface Run {
  readonly child: ChildProcess
  readonly ended: Promise<{ readonly status: number | null; readonly stderr: string }>
}

function fathom(...words: string[]): Run {
  return run(process.execPath, [program, 'lab', ...words])
}

function run(file: string, words: readonly string[]): Run {
  const env = { ...process.env, XDG_RUNTIME_DIR: folder }
  const child = spawn(file, words, { env, stdio: ['ignore', 'ignore', 'pipe'] })
  let stderr = ''
  child.stderr?.setEncoding('utf8').on('data', (text: string) => {
    stderr += text
  })
  const ended = new Promise<{ status: number | null; stderr: string }>((resolve) => {
    child.once('close', (status) => resolve({ status, stderr }))
  })
  return { child, ended }
}

function up(...flags: string[]): Run {
  return fathom('up', '--grade', 'netns', '--name', NAME, ...flags)
}

/** Waits until so much is made. */
async function halfway(namespace: string): Promise<void> {
  await expect.poll(() => existsSync(`/run/netns/${NAME}.${namespace}`), POLL).toBe(true)
}

/** What a lab of that name has on this machine: namespaces, their files, its journal, its folder, its programs; and rules of the machine. */
function traces(): Record<string, readonly string[]> {
  const named = (path: string): string[] =>
    existsSync(path) ? readdirSync(path).filter((name) => name.includes(NAME)) : []
  const programs = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && commandOf(pid).includes(NAME))
  return {
    namespaces: named('/run/netns'),
    files: named('/etc/netns'),
    journal: named('/run/fathom-lab'),
    folder: named(join(folder, 'fathom-lab')),
    programs,
    rules: serviceRules().filter((rule) => !rulesBefore.has(rule)),
  }
}

/** This machine's own: it may be a node itself. */
function serviceRules(): string[] {
  const rules = execFileSync('iptables-save', { encoding: 'utf8' }).split('\n')
  return rules.filter((rule) => rule.startsWith('-A') && rule.includes('KUBE-'))
}

/** A folder with an iptables of a kernel that cannot hand packets to a program. */
function withoutPacketQueues(): string {
  const tools = join(folder, 'tools')
  mkdirSync(tools)
  const iptables = execFileSync('sh', ['-c', 'command -v iptables'], { encoding: 'utf8' }).trim()
  const refusal = "echo 'No chain/target/match by that name.' >&2; exit 2"
  const script = `#!/bin/sh\ncase " $* " in *' NFQUEUE '*) ${refusal};; esac\nexec ${iptables} "$@"\n`
  writeFileSync(join(tools, 'iptables'), script, { mode: 0o755 })
  return tools
}

async function losesByARuleWithoutPacketQueues(lab: NetnsLabRig): Promise<void> {
  const rules = async (): Promise<string> => (await lab.inside('node/node2', 'iptables-save', '-t', 'mangle')).stdout
  const lack = 'no NFQUEUE here: the fault conntrack-race loses datagrams by a rule'
  expect((await lab.fathom('lab', 'status', '--name', lab.name)).stdout).toContain(lack)
  expect(await lab.fathom('lab', 'inject', 'conntrack-race', '--name', lab.name)).toMatchObject({ status: 0 })
  expect(await rules()).toMatch(/00001c0001.*-j DROP/)
  expect(await lab.fathom('lab', 'heal', '--name', lab.name)).toMatchObject({ status: 0 })
  expect(await rules()).not.toContain('00001c0001')
}

function commandOf(pid: string): string {
  try {
    return readFileSync(`/proc/${pid}/cmdline`, 'utf8')
  } catch {
    return ''
  }
}

const NOTHING = { namespaces: [], files: [], journal: [], folder: [], programs: [], rules: [] }
const INTERRUPTED = { status: 2, stderr: `fathom: Cannot start lab "${NAME}": interrupted\n` }

describe.skipIf(WHY_NO_LAB !== undefined)(
  `labs given up${WHY_NO_LAB === undefined ? '' : ` (${WHY_NO_LAB})`}`,
  { timeout: PATIENCE_MS },
  () => {
    it('interrupted on its way up, in the background or in the foreground, it leaves nothing', async () => {
      for (const [flags, place] of [
        [[], 'underlay'],
        [['--foreground'], 'default.console'],
      ] as const) {
        const { child, ended } = up(...flags)
        await halfway(place)
        child.kill('SIGINT')
        expect(await ended).toEqual(INTERRUPTED)
        expect(traces()).toEqual(NOTHING)
      }
    })

    it('goes away by itself when whoever starts it is killed', async () => {
      const { child } = up()
      await halfway('underlay')
      child.kill('SIGKILL')
      await expect.poll(traces, POLL).toEqual(NOTHING)
    })

    it('killed on its way up, it is found and cleared away', async () => {
      const { child, ended } = up('--foreground')
      await halfway('default.console')
      child.kill('SIGKILL')
      await ended
      expect(traces()['namespaces']).not.toEqual([])
      expect(await fathom('down', '--name', NAME).ended).toEqual({ status: 0, stderr: '' })
      expect(traces()).toEqual(NOTHING)
    })

    it('says which program is missing, and that it needs root', async () => {
      const hide = 'mount --bind /dev/null "$(readlink -f "$(command -v iptables-restore)")"; exec "$@"'
      const words = [process.execPath, program, 'lab', 'up', '--grade', 'netns', '--name', NAME]
      const without = run('unshare', ['-m', 'sh', '-c', hide, '-', ...words])
      expect(await without.ended).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('the program "iptables-restore" is missing') as string,
      })
      chmodSync(folder, 0o777)
      const nobody = run('setpriv', ['--reuid', '65534', '--clear-groups', ...words])
      expect(await nobody.ended).toMatchObject({
        status: 2,
        stderr: expect.stringContaining('it needs root') as string,
      })
      expect(traces()).toEqual(NOTHING)
    })

    it('runs another node cache, does without NFQUEUE, and a second one of its name is refused wherever that is written down', async () => {
      const cache = join(folder, 'another-node-cache')
      writeFileSync(cache, `#!/bin/sh\nexec '${process.execPath}' '${program}' node-cache "$@"\n`, { mode: 0o755 })
      const path = process.env['PATH'] ?? ''
      process.env['PATH'] = `${withoutPacketQueues()}:${path}`
      const lab = await startNetnsLab('--node-cache', cache).finally(() => {
        process.env['PATH'] = path
      })
      try {
        await losesByARuleWithoutPacketQueues(lab)
        const words = ['+short', '+time=5', '@169.254.25.10', 'kubernetes.default.svc.cluster.local']
        expect((await lab.inside('default/console', 'dig', ...words)).stdout).toBe('10.233.0.1\n')
        const listening = (await lab.inside('node/node2', 'ss', '-lunp', 'src', '169.254.25.10')).stdout
        const pid = /pid=(\d+)/.exec(listening)?.[1] ?? ''
        expect(commandOf(pid)).toContain(`${program}\0node-cache\0-localip`)

        const second = await fathom('up', '--grade', 'netns', '--name', lab.name).ended
        expect(second).toMatchObject({ status: 2, stderr: expect.stringContaining('runs one of that name') as string })
        expect((await lab.inside('default/console', 'dig', ...words)).stdout).toBe('10.233.0.1\n')
        // Whoever is root ends it, whatever XDG_RUNTIME_DIR says.
        expect(await fathom('down', '--name', lab.name).ended).toEqual({ status: 0, stderr: '' })
        expect(existsSync(`/run/fathom-lab/${lab.name}`)).toBe(false)
      } finally {
        await lab.remove()
      }
    })
  },
)
