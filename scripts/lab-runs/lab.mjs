// A lab of the program under test: up, a fault in, a look by the doctor, the fault out, down. Only the program's own commands are used.
import { spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

const PROGRAM = process.env.FATHOM_PROGRAM ?? fileURLToPath(new URL('../../bin/fathom.js', import.meta.url))
/** What takes longer hangs, in milliseconds. */
const RECIPE_MS = 240_000
const COMMAND_MS = 240_000
const START_MS = 240_000
const STOP_MS = 90_000

let count = 0

export class TestLab {
  /** Arguments of `fathom lab up` beside the name. */
  #args
  #name
  /** A folder of its own: labs of others are left alone. */
  #runtime
  #process

  constructor(args) {
    this.#args = args
    this.#name = `test-${process.pid}-${(count += 1)}`
    this.#runtime = mkdtempSync(join(tmpdir(), 'fathom-test-lab-'))
  }

  /** Resolves with nothing once the lab is up, else with the reason why not. */
  start() {
    const args = ['lab', 'up', '--foreground', '--name', this.#name, ...this.#args]
    const started = spawn(process.execPath, [PROGRAM, ...args], { stdio: ['ignore', 'pipe', 'pipe'], env: this.#env() })
    this.#process = started
    let said = ''
    started.stderr.setEncoding('utf8').on('data', (text) => {
      said += text
    })
    return new Promise((resolve) => {
      const timer = setTimeout(() => resolve(`it is not up after ${START_MS / 1000} s`), START_MS)
      started.stdout.setEncoding('utf8').once('data', () => {
        started.stdout.resume()
        clearTimeout(timer)
        resolve()
      })
      started.once('close', (status) => {
        clearTimeout(timer)
        resolve(said.trim() || `status ${status}`)
      })
    })
  }

  /** Ends the lab and waits for its end. */
  async stop() {
    const ended = this.#process
    this.#process = undefined
    if (ended !== undefined && ended.exitCode === null && ended.signalCode === null) {
      const timer = setTimeout(() => ended.kill('SIGKILL'), STOP_MS)
      await new Promise((resolve) => {
        ended.once('close', resolve)
        ended.kill('SIGTERM')
      })
      clearTimeout(timer)
      // Removes what a killed lab has left.
      if (ended.signalCode !== null) await runFathom(['lab', 'down', '--name', this.#name], this.#env())
    }
    rmSync(this.#runtime, { recursive: true, force: true })
  }

  /** Resolves with nothing, or with what went wrong. */
  async inject(fault) {
    return failureOf(await runFathom(['lab', 'inject', fault, '--name', this.#name], this.#env()))
  }

  async heal() {
    return failureOf(await runFathom(['lab', 'heal', '--name', this.#name], this.#env()))
  }

  /**
   * Runs a shell recipe: `on NODE CMD…` and `in NS/POD CMD…` run a command there, `upstream ADDRESS CMD…` at a resolver
   * outside, `underlay CMD…` between the nodes; `$LAB` begins the names of its namespaces; kubectl speaks to the lab's API server.
   */
  async shell(recipe) {
    const enter = `${process.execPath} ${PROGRAM} lab exec --name ${this.#name}`
    const prelude = [
      `on() { local at=$1; shift; ${enter} "node/$at" -- "$@"; }`,
      `inside() { local at=$1; shift; ${enter} "$at" -- "$@"; }`,
      `upstream() { local at=$1; shift; ip netns exec "${this.#name}.upstream.$at" "$@"; }`,
      `underlay() { ip netns exec "${this.#name}.underlay" "$@"; }`,
    ].join('\n')
    const env = {
      ...this.#env(),
      LAB: this.#name,
      KUBECONFIG: join(this.#runtime, 'fathom-lab', this.#name, 'kubeconfig'),
    }
    return failureOf(
      await run('bash', ['-euo', 'pipefail', '-c', `${prelude}\n${recipe}`], { env, timeoutMs: RECIPE_MS }),
    )
  }

  /** What the doctor says: its report, its exit code, and the seconds it took; no report where it printed none. */
  async ask(args) {
    const startedAt = Date.now()
    const { stdout, stderr, status } = await runFathom(
      ['doctor', `--lab=${this.#name}`, '-o', 'json', ...args],
      this.#env(),
    )
    const seconds = (Date.now() - startedAt) / 1000
    try {
      return { report: JSON.parse(stdout), status, seconds, stderr }
    } catch {
      return { report: undefined, status, seconds, stderr }
    }
  }

  #env() {
    return { ...process.env, XDG_RUNTIME_DIR: this.#runtime }
  }
}

/** The faults that the lab knows, as `fathom lab faults -o json` lists them. */
export async function listFaults() {
  const { status, stdout, stderr } = await runFathom(['lab', 'faults', '-o', 'json'], process.env)
  if (status !== 0) throw new Error(stderr)
  return JSON.parse(stdout).faults
}

function failureOf({ status, stderr }) {
  return status === 0 ? undefined : stderr.trim().split('\n').at(-1) || `status ${status}`
}

function runFathom(args, env) {
  return run(process.execPath, [PROGRAM, ...args], { env, timeoutMs: COMMAND_MS })
}

function run(command, args, { env, timeoutMs }) {
  return new Promise((resolve) => {
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'], env, timeout: timeoutMs })
    const said = { stdout: '', stderr: '' }
    for (const stream of ['stdout', 'stderr']) {
      child[stream].setEncoding('utf8').on('data', (text) => {
        said[stream] += text
      })
    }
    child.on('close', (status, signal) => {
      resolve({ ...said, status, stderr: said.stderr || (signal === null ? '' : `ended by ${signal}`) })
    })
  })
}
