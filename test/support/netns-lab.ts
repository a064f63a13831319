// A lab of network namespaces for tests: the program as users run it, in a runtime folder of the test's own. Root only.
import { execFile, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { bundleProgram } from './program.ts'
import { WHY_NO_IPTABLES } from './netns.ts'

/** Programs that only some tests want. */
const TOOLS = ['conntrack', 'dig', 'kubectl', 'tcpdump'] as const

/** Why a lab of namespaces cannot be brought up here; undefined when it can. */
export const WHY_NO_LAB: string | undefined = WHY_NO_IPTABLES ?? missing()

function missing(): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':').concat('/usr/sbin', '/sbin')
  const tool = TOOLS.find((name) => !folders.some((folder) => existsSync(join(folder, name))))
  return tool === undefined ? undefined : `the program "${tool}" is not installed`
}

export interface CommandResult {
  readonly status: number
  readonly stdout: string
  readonly stderr: string
}

export interface NetnsLabRig {
  readonly name: string
  /** Milliseconds that "lab up" took. */
  readonly upMs: number
  readonly up: CommandResult
  /** Runs fathom. */
  fathom(...args: string[]): Promise<CommandResult>
  /** Starts fathom in a process group of its own, for tests that send it signals. */
  start(...args: string[]): ChildProcess
  /** Runs keep-run.ts on the lab: `bundle.tar.gz` and `LANGUAGE.FORMAT` of one run lie in the folder that it gives. */
  keepRun(...args: string[]): Promise<string>
  /** Runs a command in a pod (`NAMESPACE/POD`) or a node (`node/NODE`) by "fathom lab exec". */
  exec(place: string, ...command: string[]): Promise<CommandResult>
  /** The same by "ip netns exec", with its resolv.conf and no other file of the place: a tenth of the time. */
  inside(place: string, ...command: string[]): Promise<CommandResult>
  /** Runs kubectl as administrator; gives what it printed. */
  kubectl(...args: string[]): Promise<string>
  /** Makes an object, or changes it. */
  apply(object: object): Promise<void>
  /** Process of the lab. */
  pid(): Promise<number>
  /** Takes the lab down whatever became of it, and removes the folder. */
  remove(): Promise<void>
}

const KEEP_RUN = join(import.meta.dirname, 'keep-run.ts')

let count = 0

/** Brings a lab up. */
export async function startNetnsLab(...flags: string[]): Promise<NetnsLabRig> {
  count += 1
  const name = `t${process.pid}-${count}`
  const folder = mkdtempSync(join(tmpdir(), 'fathom-lab-'))
  const program = await bundleProgram(folder, { 'keep-run': KEEP_RUN }).catch((error: unknown) => {
    rmSync(folder, { recursive: true })
    throw error
  })
  const env = { ...process.env, XDG_RUNTIME_DIR: folder, KUBECONFIG: join(folder, 'fathom-lab', name, 'kubeconfig') }
  const run = (file: string, args: readonly string[]): Promise<CommandResult> =>
    new Promise((resolve) => {
      execFile(file, [...args], { env, maxBuffer: 64 * 1024 * 1024 }, (error, stdout, stderr) => {
        resolve({ status: error === null ? 0 : typeof error.code === 'number' ? error.code : 1, stdout, stderr })
      })
    })
  const fathom = (...args: string[]): Promise<CommandResult> => run(process.execPath, [program, ...args])
  const kubectl = async (...args: string[]): Promise<string> => {
    const { status, stdout, stderr } = await run('kubectl', args)
    if (status !== 0) throw new Error(`kubectl ${args.join(' ')}: ${stderr}`)
    return stdout
  }
  const startedAt = performance.now()
  const up = await fathom('lab', 'up', '--grade', 'netns', '--name', name, '--healthy', ...flags)
  const upMs = performance.now() - startedAt
  return {
    name,
    up,
    upMs,
    fathom,
    start: (...args) => spawn(process.execPath, [program, ...args], { env, detached: true }),
    async keepRun(...args) {
      const kept = mkdtempSync(join(folder, 'run-'))
      const { status, stderr } = await run(process.execPath, [
        join(dirname(program), 'keep-run.js'),
        kept,
        `--lab=${name}`,
        ...args,
      ])
      if (status !== 0) throw new Error(`keep-run: ${stderr}`)
      return kept
    },
    exec: (place, ...command) => fathom('lab', 'exec', '--name', name, place, '--', ...command),
    inside: (place, ...command) =>
      run('ip', ['netns', 'exec', `${name}.${place.replace(/^node\//, '').replace('/', '.')}`, ...command]),
    kubectl,
    async apply(object) {
      const path = join(folder, 'object.json')
      writeFileSync(path, JSON.stringify(object))
      await kubectl('apply', '-f', path)
    },
    async pid() {
      const { stdout } = await fathom('lab', 'status', '--name', name, '-o', 'json')
      return (JSON.parse(stdout) as { labs: { pid: number }[] }).labs[0]?.pid ?? 0
    },
    async remove() {
      await fathom('lab', 'down', '--name', name)
      rmSync(folder, { recursive: true, force: true })
    },
  }
}
