// Runs one command in a container over the API (v4 and v5 of the channel protocol), with limits of time and size.
import type { KubeClient } from './client.ts'
import { octetsOf } from './web-socket.ts'

export interface PodName {
  readonly namespace: string
  readonly name: string
}

export interface ExecRequest {
  readonly pod: PodName
  readonly container: string
  readonly command: readonly string[]
  /** Given to its standard input, which is then closed; absent: it has none. */
  readonly stdin?: Uint8Array | undefined
  /** Milliseconds for everything. */
  readonly timeoutMs: number
  /** Octets of output that are taken at most; default 64 MiB. */
  readonly mostOctets?: number
}

interface ExecOutput {
  readonly stdout: Buffer
  readonly stderr: Buffer
}

export type ExecResult =
  | (ExecOutput & { readonly kind: 'ended'; readonly exitCode: number })
  /** The container runtime could not start it: no such program, no such container. */
  | { readonly kind: 'not-started'; readonly why: string }
  /** What came before the connection broke off, or a limit was reached. */
  | (ExecOutput & { readonly kind: 'cut-off'; readonly why: string })

const STDOUT = 1
const STDERR = 2
const STATUS = 3
const CLOSE_SIGNAL = 255
const STDIN = 0
const DEFAULT_MOST_OCTETS = 64 * 1024 * 1024
/** Only v5 can tell the end of standard input. */
const PROTOCOLS = ['v5.channel.k8s.io', 'v4.channel.k8s.io']

/**
 * Runs a command and waits for its end.
 *
 * @throws {KubeApiError} the API server cannot be reached, or refuses
 */
export async function execInPod(client: KubeClient, request: ExecRequest): Promise<ExecResult> {
  const { pod, container, command, stdin, timeoutMs, mostOctets = DEFAULT_MOST_OCTETS } = request
  const query = new URLSearchParams({ container, stdout: 'true', stderr: 'true' })
  if (stdin !== undefined) query.set('stdin', 'true')
  for (const word of command) query.append('command', word)
  const path = `/api/v1/namespaces/${encodeURIComponent(pod.namespace)}/pods/${encodeURIComponent(pod.name)}/exec?${query.toString()}`
  const endsAt = performance.now() + timeoutMs
  const socket = await client.openWebSocket({ path, protocols: PROTOCOLS, timeoutMs })
  const parts: Record<'stderr' | 'stdout', Buffer[]> = { stdout: [], stderr: [] }
  const output = (): ExecOutput => ({ stdout: Buffer.concat(parts.stdout), stderr: Buffer.concat(parts.stderr) })
  let octets = 0
  return new Promise((resolve) => {
    const settle = (result: ExecResult): void => {
      clearTimeout(timer)
      resolve(result)
      socket.close()
      // A peer that does not answer the close must not keep the program alive.
      setTimeout(() => socket.terminate(), 1000).unref()
    }
    const cutOff = (why: string): void => settle({ kind: 'cut-off', why, ...output() })
    const timer = setTimeout(
      () => {
        cutOff(`the command did not end within ${timeoutMs} ms`)
        socket.terminate()
      },
      Math.max(0, endsAt - performance.now()),
    )
    socket.on('message', (message) => {
      const received = octetsOf(message)
      const payload = received.subarray(1)
      const channel = received[0]
      if (channel === STATUS && payload.length > 0) return settle(readStatus(payload.toString(), output()))
      if (channel !== STDOUT && channel !== STDERR) return
      parts[channel === STDOUT ? 'stdout' : 'stderr'].push(payload)
      octets += payload.length
      if (octets > mostOctets) cutOff(`it printed more than ${mostOctets} octets`)
    })
    socket.once('close', (code: number) => {
      cutOff(`the API server closed the connection before the command ended (code ${code})`)
    })
    socket.resume()
    if (stdin === undefined) return
    socket.send(Buffer.concat([Buffer.of(STDIN), stdin]))
    if (socket.protocol === PROTOCOLS[0]) socket.send(Buffer.of(CLOSE_SIGNAL, STDIN))
  })
}

/** A metav1.Status tells how it ended. */
function readStatus(text: string, output: ExecOutput): ExecResult {
  let status: Status
  try {
    status = JSON.parse(text) as Status
  } catch {
    return { kind: 'cut-off', why: `the API server tells its end by what is no JSON: ${text.slice(0, 200)}`, ...output }
  }
  if (status.status === 'Success') return { kind: 'ended', exitCode: 0, ...output }
  if (status.reason === 'NonZeroExitCode') {
    const cause = status.details?.causes?.find(({ reason }) => reason === 'ExitCode')
    return { kind: 'ended', exitCode: Number(cause?.message ?? 1), ...output }
  }
  return { kind: 'not-started', why: status.message ?? text.slice(0, 200) }
}

interface Status {
  readonly status?: string
  readonly reason?: string
  readonly message?: string
  readonly details?: { readonly causes?: readonly { readonly reason?: string; readonly message?: string }[] }
}
