// Network namespaces for tests: a node and a pod behind a veth pair, processes inside them. Root only.
import { execFileSync, spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'

/** Why namespaces cannot be made here; undefined when they can. */
export const WHY_NO_NETNS: string | undefined = findReason()

/** Why packet-filter rules cannot be looked at here; undefined when they can. */
export const WHY_NO_IPTABLES: string | undefined =
  WHY_NO_NETNS ?? (works('iptables', ['--version']) ? undefined : 'the program "iptables" is not installed')

/** Why the legacy flavor of iptables cannot be tried here; undefined when it can. */
export const WHY_NO_LEGACY_IPTABLES: string | undefined =
  WHY_NO_NETNS ??
  (['/usr/sbin/iptables-legacy', 'flock'].every((program) => works(program, ['--version']))
    ? undefined
    : 'the programs "iptables-legacy" and "flock" are not installed')

function findReason(): string | undefined {
  if (process.platform !== 'linux') return 'network namespaces are of Linux only'
  if (process.getuid?.() !== 0) return 'network namespaces need root'
  const name = `fathom-probe-${process.pid}`
  if (!works('ip', ['netns', 'add', name])) return 'network namespaces cannot be made here ("ip netns add" failed)'
  return works('ip', ['netns', 'delete', name]) ? undefined : 'network namespaces cannot be removed here'
}

function works(program: string, args: readonly string[]): boolean {
  try {
    execFileSync(program, args, { stdio: 'ignore' })
    return true
  } catch {
    return false
  }
}

/** A process in a namespace. */
export interface NetnsProcess {
  readonly child: ChildProcess
  /** Both outputs so far. */
  readonly output: () => string
  /** Exit code, or the signal's name. */
  readonly ended: Promise<number | string>
}

export interface Netns {
  readonly name: string
  /** Runs `ip` inside and gives what it printed. @throws when it fails */
  ip(command: string): string
  /** Runs a program to its end. @throws when it fails */
  run(program: string, args: readonly string[]): string
  start(program: string, args: readonly string[], env?: Readonly<Record<string, string>>): NetnsProcess
  /** Kills what was started and removes the namespace. */
  remove(): Promise<void>
}

let count = 0

/** Makes a namespace whose loopback is up. */
export function createNetns(role: string): Netns {
  count += 1
  const name = `fathom-${process.pid}-${count}-${role}`
  execFileSync('ip', ['netns', 'add', name])
  const inside = (program: string, args: readonly string[]): string[] => ['netns', 'exec', name, program, ...args]
  const run = (program: string, args: readonly string[]): string =>
    execFileSync('ip', inside(program, args), { encoding: 'utf8' })
  const started: NetnsProcess[] = []
  run('ip', ['link', 'set', 'lo', 'up'])
  return {
    name,
    run,
    ip: (command) => run('ip', command.split(' ')),
    start(program, args, env = {}) {
      // "ip netns exec" becomes the program: signals reach it.
      const child = spawn('ip', inside(program, args), { env: { ...process.env, ...env } })
      let output = ''
      child.stdout.on('data', (part: Buffer) => (output += part.toString()))
      child.stderr.on('data', (part: Buffer) => (output += part.toString()))
      const ended = new Promise<number | string>((resolve) => {
        child.on('close', (code, signal) => resolve(code ?? signal ?? 'unknown'))
      })
      const made: NetnsProcess = { child, output: () => output, ended }
      started.push(made)
      return made
    },
    async remove() {
      for (const { child } of started) if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL')
      await Promise.all(started.map(({ ended }) => ended))
      execFileSync('ip', ['netns', 'delete', name])
    },
  }
}
