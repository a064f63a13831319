// How other processes speak to a running lab: JSON over HTTP on a socket in its folder, one request per question.
import { createServer, request as httpRequest } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { BaseError, describeError } from '../../base/index.ts'
import type { Endpoint } from '../../net/exchange-result.ts'
import type { NamespaceTarget, Place, Skipped } from '../../vantage/index.ts'
import { LabError } from '../cluster/lab-error.ts'
import type { CniName } from '../netns/network/cni.ts'
import type { LabAddress } from './grades.ts'
import type { Reach } from '../loopback/switchboard.ts'

/** What a lab can be told and asked: operation -> its argument and its result. */
export interface ControlOperations {
  readonly resolve: (argument: { readonly place: Place; readonly endpoint: Endpoint }) => Promise<Reach | undefined>
  readonly readFile: (argument: { readonly place: Place; readonly path: string }) => Promise<string | undefined>
  /** Namespace grade: what to enter for a place. */
  readonly locate: (argument: { readonly place: Place }) => Promise<NamespaceTarget | Skipped>
  /** Namespace grade: the words before a command that run it in a place. */
  readonly enter: (argument: { readonly place: Place }) => Promise<string[]>
  /** Puts names and addresses of pods in the place of what stands for them in a look. */
  readonly fillIn: (argument: { readonly text: string }) => Promise<string>
  readonly status: (argument: Record<string, never>) => Promise<LabStatus>
  readonly inject: (argument: { readonly fault: string }) => Promise<string[]>
  /** Undoes one fault, or all without a name; gives the names of those undone. */
  readonly heal: (argument: { readonly fault?: string }) => Promise<string[]>
  readonly stop: (argument: Record<string, never>) => Promise<void>
}

export interface LabStatus {
  /** How pods are connected; undefined on loopback. */
  readonly cni: CniName | undefined
  /** Faults that were injected and are still there. */
  readonly faults: readonly string[]
  /** Faults that were injected and that somebody repaired by hand since. */
  readonly repaired: readonly string[]
  /** Who has which cluster address, and where that is on this machine. */
  readonly addresses: readonly LabAddress[]
  /** How it is built, and what this machine cannot do as a cluster's node would. */
  readonly notes: readonly string[]
}

type Operation = keyof ControlOperations
type Argument<O extends Operation> = Parameters<ControlOperations[O]>[0]
type Result<O extends Operation> = Awaited<ReturnType<ControlOperations[O]>>

const TIMEOUT_MS = 30_000
/** Faults restart programs, and one fills a kernel's table. */
const CHANGE_TIMEOUT_MS = 120_000

/** Listens for commands. */
export async function serveControl(socketPath: string, operations: ControlOperations): Promise<Server> {
  const server = createServer((request, response) => {
    void answer(request, response, operations).then(
      (result) => response.end(JSON.stringify({ result })),
      (error: unknown) => {
        const code = error instanceof BaseError ? error.code : 'start-failed'
        response.writeHead(500).end(JSON.stringify({ error: describeError(error), code }))
      },
    )
  })
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(socketPath, resolve)
  })
  return server
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  operations: ControlOperations,
): Promise<unknown> {
  const operation = (request.url ?? '/').slice(1)
  if (!Object.hasOwn(operations, operation)) {
    throw new LabError('not-supported', `The lab knows no operation "${operation}"`)
  }
  const argument = JSON.parse(await readText(request)) as never
  if (operation !== 'stop') return operations[operation as Operation](argument)
  // Who asks for the end still hears that it was understood.
  response.once('close', () => void operations.stop({}))
  return undefined
}

/** Asks a lab in another process. @throws {LabError} what the lab throws, or `lab-not-running` */
export async function callControl<O extends Operation>(
  socketPath: string,
  operation: O,
  argument: Argument<O>,
): Promise<Result<O>> {
  const timeout = operation === 'inject' || operation === 'heal' ? CHANGE_TIMEOUT_MS : TIMEOUT_MS
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    // A connection that is kept for the next call may just be closed by the lab when that comes.
    const request = httpRequest({ agent: false, socketPath, path: `/${operation}`, method: 'POST', timeout }, resolve)
    request.on('timeout', () => request.destroy(new Error(`no answer within ${timeout / 1000} s`)))
    request.on('error', (error) =>
      reject(new LabError('lab-not-running', `Cannot reach the lab: ${describeError(error)}`, { cause: error })),
    )
    request.end(JSON.stringify(argument))
  })
  const body = JSON.parse(await readText(response)) as { result?: Result<O>; error?: string; code?: LabError['code'] }
  if (body.error !== undefined) throw new LabError(body.code ?? 'start-failed', body.error)
  return body.result as Result<O>
}

async function readText(stream: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of stream as AsyncIterable<Buffer>) chunks.push(chunk)
  return Buffer.concat(chunks).toString('utf8')
}
