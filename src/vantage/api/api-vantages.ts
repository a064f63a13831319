// Places of a cluster that are seen through its API server alone: what a kubeconfig allows, and nothing more.
//
// A port-forward is dialed by the container runtime inside the pod's own network namespace, so it counts as asked from
// the pod's own node and from no other; the proxy is dialed by the API server. Neither carries UDP, and neither goes
// through a Service IP: those questions are skipped, never answered by something else.
import { describeError } from '../../base/index.ts'
import { KubeApiError } from '../../kube/api/index.ts'
import type { KubeClient } from '../../kube/api/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import { exchangeOverStream } from '../../net/index.ts'
import type { ExchangeResult } from '../../net/index.ts'
import { collectKernelTables } from '../kernel/collect.ts'
import type {
  ExchangeRequest,
  FileResult,
  HttpRequest,
  HttpResult,
  KernelTables,
  KernelTablesRequest,
  Place,
  PlainCommand,
  Vantage,
  Vantages,
} from '../vantage.ts'
import type { Skipped } from '../skipped.ts'
import { whyNotEntered } from '../why-not-entered.ts'
import { createAccessCheck, streamRights } from './access-check.ts'
import type { AccessCheck } from './access-check.ts'
import { hasNodeResolvConf, isNodeLocal, podAt, toolContainer } from './choose-pods.ts'
import type { ChosenContainer } from './choose-pods.ts'
import { openEphemeral } from './ephemeral/ephemeral-vantage.ts'
import type { EphemeralOptions, EphemeralVantage } from './ephemeral/ephemeral-vantage.ts'
import { execSource } from './exec-source.ts'
import { CallLimitReached, PodTunnels } from './pod-tunnels.ts'
import { debugNodeCommand, debugPodCommand, portForwardCommand, proxyCommand } from './kubectl-commands.ts'
import { getThroughProxy } from './pod-http.ts'

export interface ApiVantagesOptions {
  readonly client: KubeClient
  /** Listed when first needed, where a function is given. */
  readonly pods: readonly Pod[] | (() => Promise<readonly Pod[]>)
  /** Whether commands may be run in containers: only reading ones are. */
  readonly allowExec: boolean
  /** Calls to the API server that the client may make in all, those before this run's included; default: any number. */
  readonly mostCalls?: number | undefined
  /** A pod that a container may be added to; absent: none is. */
  readonly ephemeral?: EphemeralOptions | undefined
}

const HOW = 'API server'
const INSIDE = 'running fathom in the cluster: on a node as root, or in a pod'
const FROM_POD = `--allow ephemeral (a container is added to the pod), or ${INSIDE}`
// The same words for every node, so that a report can tell them once.
const NODE_LOCAL = 'neither port-forward nor proxy reach addresses that are local to a node'
const NO_UDP = 'the API server carries no UDP'
const NO_POD = 'only pods are reached through the API server: no Service IP, no upstream'
/** Nodes whose files are read in one run. */
const MAX_FILE_NODES = 16
const ENOUGH = `commands are run on ${MAX_FILE_NODES} nodes at most`
const EXEC_TIMEOUT_MS = 8000
/** What is granted at most, beyond a question's own time, to a slow way through the API server. */
const MAX_WAY_MS = 2000

/** Vantages of nodes and pods through the API server; nothing is asked before a vantage is used. */
export function apiVantages(options: ApiVantagesOptions): Vantages {
  const { client, allowExec, ephemeral, pods: given } = options
  const check = createAccessCheck(client)
  const { mostCalls = Number.POSITIVE_INFINITY } = options
  const mayCall = (kind: CallKind): boolean => client.calls < mostCalls - KEPT_FOR_OTHERS[kind]
  const tunnels = new PodTunnels(client, () => mayCall('forward'))
  const filesRead = new Set<string>()
  const added: Added = { opening: undefined, ending: new AbortController() }
  let listing: Promise<readonly Pod[]> | undefined
  return {
    async at(place) {
      // Who still asks while the program ends must not add another container.
      if (added.ending.signal.aborted) return skip('the run was ended')
      listing ??= typeof given === 'function' ? given() : Promise.resolve(given)
      try {
        return await vantageOf(
          { client, allowExec, ephemeral, check, mayCall, tunnels, filesRead, added, pods: await listing },
          place,
        )
      } catch (error) {
        return skipFor(error, 'list pods')
      }
    },
    async close() {
      tunnels.close()
      if (added.ending.signal.aborted) return
      added.ending.abort()
      const vantage = await added.opening
      if (vantage !== undefined && 'close' in vantage) await vantage.close()
    },
  }
}

/**
 * What a call is for, and how many calls are left for what tells more: replicas before node caches' metrics, those before
 * tables of nodes, and everything before the logs of what failed.
 */
type CallKind = 'exec' | 'forward' | 'proxy'
const KEPT_FOR_OTHERS: Readonly<Record<CallKind, number>> = { forward: 2, proxy: 6, exec: 8 }
const LIMIT_REACHED: Skipped = {
  kind: 'skipped',
  why: 'the API server was called as often as it may be in one run',
  needs: '--max-calls with a higher number',
}

interface Added {
  opening: Promise<EphemeralVantage | Skipped> | undefined
  readonly ending: AbortController
}

interface Context {
  readonly client: KubeClient
  readonly pods: readonly Pod[]
  readonly allowExec: boolean
  readonly check: AccessCheck
  readonly mayCall: (kind: CallKind) => boolean
  readonly tunnels: PodTunnels
  /** Nodes whose files were looked at. */
  readonly filesRead: Set<string>
  readonly ephemeral: EphemeralOptions | undefined
  /** What was opened in the pod that a container may be added to. */
  readonly added: Added
}

function vantageOf(context: Context, place: Place): Promise<Skipped | Vantage> | Skipped | Vantage {
  if (place.kind === 'here') return skip('this machine is not part of the cluster', INSIDE)
  if (place.kind === 'node') {
    return {
      place,
      how: HOW,
      exchange: (request) => exchangeFrom(context, place.name, request),
      httpGet: (request) => getFrom(context, request),
      readFile: (path) => readNodeFile(context, place.name, path),
      kernelTables: (request) => readTables(context, toolsOf(context, place.name), request),
      equivalent: (plain) => nodeCommand(context, place.name, plain),
    }
  }
  const pod = context.pods.find(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
  const named = `pod ${place.namespace}/${place.name}`
  if (pod === undefined) return skip(`${named} is gone`)
  const [first] = pod.spec.containers
  const absent = whyNotEntered(pod)
  if (absent !== undefined) return skip(absent, 'another pod of its node or namespace')
  const { ephemeral } = context
  if (ephemeral?.pod.namespace === place.namespace && ephemeral.pod.name === place.name) {
    // One container, however often the place is asked for.
    context.added.opening ??= openEphemeral(pod, { ...context, ephemeral, signal: context.added.ending.signal })
    return context.added.opening
  }
  if (pod.phase !== 'Running' || first === undefined) {
    return skip(`${named} does not run: its phase is ${pod.phase}`, FROM_POD)
  }
  const chosen = { pod, container: first.name }
  return {
    place,
    how: `${named} through the API server`,
    exchange: (request) => exchangeInside(context, pod, request),
    httpGet: () => Promise.resolve(skip(`nothing can be sent from ${named} through the API server`, FROM_POD)),
    readFile: (path) => readByExec(context, chosen, path),
    kernelTables: (request) => readTables(context, chosen, request),
    equivalent: (plain) =>
      plain.transport === 'tcp' && isOwnAddress(pod, plain.server.address)
        ? portForwardCommand(pod.meta, plain)
        : debugPodCommand(pod.meta, plain),
  }
}

/** What a person would type for it, also where it can only be done by somebody who may do more. */
function nodeCommand({ pods }: Context, node: string, plain: PlainCommand): string {
  const { address, port } = plain.server
  const pod = isNodeLocal(address) ? undefined : podAt(pods, address, port)
  if (pod === undefined) return debugNodeCommand(node, plain)
  if (plain.transport === 'http') return proxyCommand(pod.meta, plain)
  return plain.transport === 'tcp' && pod.spec.nodeName === node
    ? portForwardCommand(pod.meta, plain)
    : debugNodeCommand(node, plain)
}

function isOwnAddress({ podIPs }: Pod, address: string): boolean {
  return address.startsWith('127.') || address === '::1' || podIPs.includes(address)
}

// --- Questions ---

async function exchangeFrom(
  context: Context,
  node: string,
  request: ExchangeRequest,
): Promise<ExchangeResult | Skipped> {
  const { server } = request
  if (request.transport === 'udp') return skip(NO_UDP, INSIDE)
  if (isNodeLocal(server.address)) return skip(NODE_LOCAL, INSIDE)
  const pod = podAt(context.pods, server.address, server.port)
  if (pod === undefined) return skip(NO_POD, INSIDE)
  if (pod.spec.nodeName !== node) {
    return skip("a port-forward begins on the pod's own node, and on no other", INSIDE)
  }
  return forward(context, pod, request)
}

/** A port-forward is dialed inside the pod: it reaches the pod's own ports. */
function exchangeInside(context: Context, pod: Pod, request: ExchangeRequest): Promise<ExchangeResult | Skipped> {
  const { address } = request.server
  if (request.transport === 'udp') return Promise.resolve(skip(NO_UDP, `TCP to the pod itself, ${FROM_POD}`))
  return isOwnAddress(pod, address)
    ? forward(context, pod, request)
    : Promise.resolve(skip('a port-forward reaches the pod itself only', FROM_POD))
}

async function forward(
  { check, tunnels }: Context,
  { meta }: Pod,
  { id, ...request }: ExchangeRequest,
): Promise<ExchangeResult | Skipped> {
  const denied = await check(streamRights('portforward', meta))
  if (denied !== undefined) return denied
  const startedAt = performance.now()
  try {
    const { server, timeoutMs } = request
    const stream = await tunnels.connect(meta, server.port)
    // An API server that took long to open the way takes long to carry the answer: that is no silence of the pod's.
    const wayMs = Math.min(performance.now() - startedAt, MAX_WAY_MS)
    const drawId = id === undefined ? {} : { drawId: () => id }
    return await exchangeOverStream(stream, { ...request, timeoutMs: timeoutMs + wayMs, ...drawId })
  } catch (error) {
    return error instanceof CallLimitReached ? LIMIT_REACHED : skipFor(error, 'create, get pods/portforward')
  }
}

async function getFrom({ client, pods, check, mayCall, tunnels }: Context, request: HttpRequest): Promise<HttpResult> {
  const { address, port } = request.server
  if (isNodeLocal(address)) return skip(NODE_LOCAL, INSIDE)
  const pod = podAt(pods, address, port)
  if (pod === undefined) return skip(NO_POD, INSIDE)
  const { namespace, name } = pod.meta
  // The way that its questions take as well; a port of the node's own network is not dialed as a pod's is.
  if (!pod.spec.hostNetwork && (await check(streamRights('portforward', pod.meta))) === undefined) {
    try {
      return await tunnels.get(pod.meta, request)
    } catch (error) {
      if (error instanceof CallLimitReached) return LIMIT_REACHED
      if (!(error instanceof KubeApiError)) throw error
    }
  }
  const denied = await check([{ verb: 'get', subresource: 'proxy', namespace, name }])
  if (denied !== undefined) return denied
  return mayCall('proxy') ? getThroughProxy(client, pod.meta, request) : LIMIT_REACHED
}

// --- What containers show ---

function toolsOf({ pods }: Context, node: string): ChosenContainer | Skipped {
  return (
    toolContainer(pods, node) ??
    skip(`no kube-proxy or node-cache pod runs on node ${node}, whose images have the tools`, `root on node ${node}`)
  )
}

function readNodeFile(context: Context, node: string, path: string): Promise<FileResult> {
  const chosen = toolsOf(context, node)
  if ('kind' in chosen) return Promise.resolve(chosen)
  // Files are the image's own, but for the copy of the node's resolv.conf that kubelet put there.
  // Wherever the node has it: kubelet may have been told another path than /etc/resolv.conf.
  if (path.endsWith('/resolv.conf') && hasNodeResolvConf(chosen.pod)) {
    if (context.filesRead.size >= MAX_FILE_NODES && !context.filesRead.has(node)) return Promise.resolve(skip(ENOUGH))
    context.filesRead.add(node)
    return readByExec(context, chosen, '/etc/resolv.conf')
  }
  return Promise.resolve(skip(`${path} of node ${node} is in none of its pods`, `root on node ${node}`))
}

async function readByExec(context: Context, chosen: ChosenContainer, path: string): Promise<FileResult> {
  return (await denyExec(context, chosen)) ?? sourceOf(context, chosen, EXEC_TIMEOUT_MS).readFile(path)
}

async function readTables(
  context: Context,
  chosen: ChosenContainer | Skipped,
  request: KernelTablesRequest,
): Promise<KernelTables | Skipped> {
  if ('kind' in chosen) return chosen
  const denied = await denyExec(context, chosen)
  return denied ?? collectKernelTables(sourceOf(context, chosen, request.timeoutMs), request)
}

function denyExec({ allowExec, check }: Context, { pod }: ChosenContainer): Promise<Skipped | undefined> {
  if (allowExec) return check(streamRights('exec', pod.meta))
  return Promise.resolve(skip('no command was run in the cluster: that must be allowed', '--allow exec'))
}

function sourceOf(
  { client, mayCall }: Context,
  { pod, container }: ChosenContainer,
  timeoutMs: number,
): ReturnType<typeof execSource> {
  return execSource(
    client,
    { pod: pod.meta, container },
    { timeoutMs, whyNot: () => (mayCall('exec') ? undefined : LIMIT_REACHED) },
  )
}

function skip(why: string, needs?: string): Skipped {
  return needs === undefined ? { kind: 'skipped', why } : { kind: 'skipped', why, needs }
}

/** The API server itself stood in the way, so nothing is known about the pod. */
function skipFor(error: unknown, rights: string): Skipped {
  const isForbidden = error instanceof KubeApiError && error.code === 'forbidden'
  return skip(describeError(error), isForbidden ? rights : undefined)
}
