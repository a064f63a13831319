// Pods of the lab's API server for tests of streams: commands run here, ports are those that a test names.
import { spawn } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { connect } from 'node:net'
import type { Duplex, Readable, Writable } from 'node:stream'
import type { PodAccess } from '../../src/lab/index.ts'

export interface PodPrograms {
  readonly access: PodAccess
  /** Pod port -> port on loopback. */
  readonly ports: Map<number, number>
  /** Commands that were run. */
  readonly commands: (readonly string[])[]
  /** Processes that have not ended. */
  readonly running: ReadonlySet<ChildProcess>
}

/** Makes pods whose containers have this machine's programs, except for those of `without`. */
export function podPrograms({ without = [] }: { readonly without?: readonly string[] } = {}): PodPrograms {
  const ports = new Map<number, number>()
  const commands: (readonly string[])[] = []
  const running = new Set<ChildProcess>()
  const access: PodAccess = {
    log: () => undefined,
    connect: (_pod, port) => dial(ports.get(port)),
    exec(_pod, { command }) {
      commands.push(command)
      const [program = '', ...args] = command
      if (without.includes(program)) {
        return Promise.reject(notFound(program))
      }
      const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
      const { stdin, stdout, stderr } = child as ChildProcess & { stdin: Writable; stdout: Readable; stderr: Readable }
      const ended = new Promise<number>((resolve) => {
        child.once('exit', (code) => {
          running.delete(child)
          resolve(code ?? 137)
        })
      })
      const kill = (): void => void child.kill('SIGKILL')
      return new Promise((resolve, reject) => {
        child.once('error', () => reject(notFound(program)))
        child.once('spawn', () => {
          running.add(child)
          resolve({ stdin, stdout, stderr, ended, resize: () => undefined, kill })
        })
      })
    },
  }
  return { access, ports, commands, running }
}

function notFound(program: string): Error {
  return new Error(`exec: "${program}": executable file not found in $PATH: unknown`)
}

function dial(port: number | undefined): Promise<Duplex> {
  if (port === undefined) return Promise.reject(new Error('connect: connection refused'))
  return new Promise((resolve, reject) => {
    const socket = connect({ host: '127.0.0.1', port, allowHalfOpen: true })
    socket.once('connect', () => resolve(socket))
    socket.once('error', reject)
  })
}
