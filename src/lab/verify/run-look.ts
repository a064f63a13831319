// Running looks: a command where it belongs, and all that it prints. On loopback the few tools that can be led to the right port.
import { spawn } from 'node:child_process'
import { createSocket } from 'node:dgram'
import { isIPv4 } from 'node:net'
import { describeError } from '../../base/index.ts'
import type { Place } from '../../vantage/index.ts'
import { unfilled } from '../faults/look.ts'
import type { Look } from '../faults/look.ts'
import type { LabPlaces } from '../lab-vantage.ts'
import { toolEnvironment } from '../netns/run-tool.ts'

/** Runs the command of a look; gives what it prints on either stream, or undefined where this lab cannot do so. */
export type LookRunner = (look: Look) => Promise<string | undefined>

interface RunnerOptions {
  /** Path of the administrator's kubeconfig. */
  readonly kubeconfig: string
  /** Puts names and addresses of pods in the place of what stands for them. */
  readonly fillIn: (text: string) => Promise<string>
}

/** Longer than any look takes, in milliseconds. */
const TIMEOUT_MS = 30_000
const LOOPBACK = '127.0.0.1'
/** Nobody listens there: tcpmux, which no system has had for decades. */
const REFUSING_PORT = 1

/** Looks at a lab of network namespaces: everything runs in its place. */
export function namespaceLooks(
  options: RunnerOptions & { readonly enter: (place: Place) => Promise<readonly string[]> },
): LookRunner {
  return async (look) => {
    const command = await options.fillIn(look.command)
    const place = await options.fillIn(look.place ?? '')
    const lacking = unfilled(`${place} ${command}`)
    if (lacking !== undefined) return lacking
    if (look.place === undefined) return runShell([], command, options.kubeconfig)
    try {
      const words = await options.enter(placeOf(place))
      return await runShell(words, command, options.kubeconfig)
    } catch (error) {
      // As it is for a pod that is not there any more.
      return describeError(error)
    }
  }
}

/** Looks at a lab on loopback: kubectl as it is, dig and curl at the port that an address stands for, files as the lab knows them. */
export function loopbackLooks(options: RunnerOptions & { readonly places: LabPlaces }): LookRunner {
  return async (look) => {
    const command = await options.fillIn(look.command)
    if (look.place === undefined) return runShell([], command, options.kubeconfig)
    const place = placeOf(await options.fillIn(look.place))
    // What a shell would do is beyond this.
    if (/[;|&$<>]/.test(command)) return undefined
    const [program = '', ...words] = command.split(' ')
    if (program === 'cat' && words[0] !== undefined) return options.places.readFile(place, words[0])
    if (program === 'dig') return digThere(options.places, place, words)
    if (program === 'curl') return curlThere(options.places, place, words)
    return undefined
  }
}

function placeOf(text: string): Place {
  const [first = '', name = ''] = text.split('/')
  return first === 'node' ? { kind: 'node', name } : { kind: 'pod', namespace: first, name }
}

async function digThere(places: LabPlaces, place: Place, words: readonly string[]): Promise<string | undefined> {
  const named = words.find((word) => word.startsWith('@'))?.slice(1)
  const resolvConf = named === undefined ? await places.readFile(place, '/etc/resolv.conf') : undefined
  const address = named ?? /^nameserver (\S+)/m.exec(resolvConf ?? '')?.[1] ?? ''
  if (!isIPv4(address)) return undefined
  const reach = await places.resolve(place, { address, port: 53 })
  if (reach === undefined) return undefined
  const others = words.filter((word) => !word.startsWith('@'))
  if (reach.kind === 'port') return runDig(reach.endpoint.port, others)
  if (reach.kind === 'refused') return runDig(REFUSING_PORT, others)
  const silent = createSocket('udp4')
  await new Promise<void>((resolve) => {
    silent.bind(0, LOOPBACK, resolve)
  })
  try {
    return await runDig(silent.address().port, others)
  } finally {
    silent.close()
  }
}

function runDig(port: number, words: readonly string[]): Promise<string> {
  return runProgram('dig', ['-p', String(port), `@${LOOPBACK}`, ...words])
}

async function curlThere(places: LabPlaces, place: Place, words: readonly string[]): Promise<string | undefined> {
  const url = new URL(words.at(-1) ?? '')
  const reach = await places.resolve(place, { address: url.hostname, port: Number(url.port) || 80 })
  if (reach === undefined || reach.kind === 'silent') return undefined
  const port = reach.kind === 'port' ? reach.endpoint.port : REFUSING_PORT
  return runProgram('curl', ['--connect-to', `::${LOOPBACK}:${port}`, ...words])
}

function runShell(before: readonly string[], command: string, kubeconfig: string): Promise<string> {
  const [program, ...words] = [...before, '/bin/sh', '-c', command] as const
  return runProgram(program, words, { KUBECONFIG: kubeconfig })
}

function runProgram(program: string, words: readonly string[], environment: object = {}): Promise<string> {
  return new Promise((resolve) => {
    const child = spawn(program, words, {
      env: { ...toolEnvironment(), ...environment },
      stdio: ['ignore', 'pipe', 'pipe'],
      timeout: TIMEOUT_MS,
    })
    let printed = ''
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8').on('data', (text: string) => {
        printed += text
      })
    }
    child.once('error', (error) => resolve(describeError(error)))
    child.once('close', () => resolve(printed))
  })
}
