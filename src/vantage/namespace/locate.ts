// Where on this node a pod, a process or a named network namespace is to be entered, and where its files lie.
import { readdir, readlink, stat } from 'node:fs/promises'
import { hostname } from 'node:os'
import { basename, join } from 'node:path'
import type { Place } from '../vantage.ts'
import type { Skipped } from '../skipped.ts'
import { findPodProcesses, findProcessesIn } from './find-process.ts'
import type { PodProcess, ProcOptions } from './find-process.ts'
import { resolveInRoot } from './read-in-root.ts'
import type { NamespaceFiles, NamespaceTarget } from './target.ts'

export interface LocateOptions extends ProcOptions {
  /** UID of a pod by the API server; default: from the names of its log folders on this node. */
  readonly uidOf?: (pod: Extract<Place, { kind: 'pod' }>) => string | undefined
  /** Default /var/log/pods, where kubelet keeps one folder for each pod. */
  readonly podLogs?: string
  /** Default: this machine's host name, which is the node's name unless kubelet was told another. */
  readonly nodeName?: string
}

const NEEDS_ROOT = 'root on the node'

/** Finds a pod of this node. */
export async function locatePod(
  pod: Extract<Place, { kind: 'pod' }>,
  options: LocateOptions = {},
): Promise<NamespaceTarget | Skipped> {
  const { uidOf, podLogs = '/var/log/pods', proc = '/proc' } = options
  const name = `pod ${pod.namespace}/${pod.name}`
  const given = uidOf?.(pod)
  const uids = given === undefined ? await uidsFromLogs(pod, podLogs) : [given]
  if (!Array.isArray(uids)) return uids
  for (const uid of uids) {
    const chosen = chooseProcess(await findPodProcesses(uid, options), await ownNamespace(proc))
    if (chosen === undefined) continue
    const { pid } = chosen
    return {
      netns: join(proc, `${pid}`, 'ns', 'net'),
      how: `namespace of ${name} (process ${pid})`,
      files: [{ kind: 'root', path: join(proc, `${pid}`, 'root') }],
    }
  }
  const why =
    uids.length === 0 || given !== undefined
      ? `${name} is not on this machine`
      : `${name} has no process on this machine: it ended, or waits`
  return process.getuid?.() === 0
    ? { kind: 'skipped', why, needs: 'the node it runs on' }
    : { kind: 'skipped', why, needs: NEEDS_ROOT }
}

/** Finds a process's namespace. */
export async function locateProcess(
  pid: number,
  { proc = '/proc' }: ProcOptions = {},
): Promise<NamespaceTarget | Skipped> {
  const folder = join(proc, `${pid}`)
  try {
    await stat(folder)
  } catch {
    return { kind: 'skipped', why: `no process ${pid} runs on this machine` }
  }
  return {
    netns: join(folder, 'ns', 'net'),
    how: `namespace of process ${pid}`,
    files: [{ kind: 'root', path: join(folder, 'root') }],
  }
}

/**
 * Finds a namespace by its file, or by its name under /run/netns.
 *
 * Its files are those that `ip netns exec` would show, else those of a container's process inside it; never this
 * machine's own.
 */
export async function locateNetns(
  text: string,
  { proc = '/proc' }: ProcOptions = {},
): Promise<NamespaceTarget | Skipped> {
  const netns = text.includes('/') ? text : `/run/netns/${text}`
  const how = `namespace ${netns}`
  const inode = await stat(netns).then(
    ({ ino }) => ino,
    () => undefined,
  )
  if (inode === undefined) return { kind: 'skipped', why: `there is no network namespace at ${netns}` }
  const isNamed = /^(?:\/var)?\/run\/netns\/[^/]+$/.test(netns)
  const named: NamespaceFiles[] = isNamed ? [{ kind: 'etc', path: `/etc/netns/${basename(netns)}` }] : []
  return { netns, how, files: [...named, ...(await containerRoots(inode, proc))] }
}

/** The node that this machine is. */
export async function locateNode(
  node: string,
  { nodeName = hostname(), proc = '/proc' }: LocateOptions = {},
): Promise<NamespaceTarget | Skipped> {
  if (node !== nodeName) {
    const why = `node ${node} is another machine: this one is ${nodeName}`
    return { kind: 'skipped', why, needs: `running there, as root` }
  }
  const target = await locateProcess(1, { proc })
  return 'kind' in target ? target : { ...target, how: `this node (${node})` }
}

// --- Pods ---

/** kubelet names a pod's log folder `NAMESPACE_NAME_UID`; a name that was used again has several. */
async function uidsFromLogs(
  { namespace, name }: Extract<Place, { kind: 'pod' }>,
  podLogs: string,
): Promise<string[] | Skipped> {
  try {
    const prefix = `${namespace}_${name}_`
    const folders = (await readdir(podLogs)).filter((folder) => folder.startsWith(prefix))
    return folders.map((folder) => folder.slice(prefix.length))
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'EACCES' || code === 'EPERM') {
      return { kind: 'skipped', why: `not allowed to list ${podLogs}`, needs: NEEDS_ROOT }
    }
    const why = `this machine runs no pods: it has no ${podLogs}`
    return { kind: 'skipped', why, needs: `running on the node of pod ${namespace}/${name}, as root` }
  }
}

/**
 * A process of the pod's containers, in the pod's own namespace.
 *
 * Programs in a container may make namespaces of their own; the sandbox's is the pod's. The sandbox has the same
 * resolv.conf, but a container is the place that asks.
 */
function chooseProcess(processes: readonly PodProcess[], own: string | undefined): PodProcess | undefined {
  const sandbox = processes.find(({ isSandbox }) => isSandbox)
  // Without a sandbox, a helper of the runtime may be among them, outside; a hostNetwork pod is all outside.
  const inside = processes.filter(({ netns }) => netns !== own)
  const candidates = inside.length > 0 && sandbox === undefined ? inside : processes
  const container = candidates.find(
    ({ isSandbox, netns }) => !isSandbox && (sandbox === undefined || netns === sandbox.netns),
  )
  return container ?? sandbox
}

async function ownNamespace(proc: string): Promise<string | undefined> {
  return readlink(join(proc, '1', 'ns', 'net')).catch(() => undefined)
}

// --- Named namespaces ---

/** Roots of processes in a namespace whose resolv.conf is not this machine's. */
async function containerRoots(inode: number, proc: string): Promise<NamespaceFiles[]> {
  const own = await identify('/', '/etc/resolv.conf')
  for (const pid of (await findProcessesIn(`net:[${inode}]`, { proc })).slice(0, MAX_PROCESSES)) {
    const root = join(proc, `${pid}`, 'root')
    // "ip netns exec" makes a mount namespace too, and leaves the node's file where the namespace has none of its own.
    const theirs = await identify(root, '/etc/resolv.conf')
    if (theirs !== undefined && theirs !== own) return [{ kind: 'root', path: root }]
  }
  return []
}

async function identify(root: string, path: string): Promise<string | undefined> {
  try {
    const found = await resolveInRoot(root, path)
    if (found === undefined) return undefined
    const { dev, ino } = await stat(found)
    return `${dev} ${ino}`
  } catch {
    return undefined
  }
}

/** One is enough; the rest of a busy container's look the same. */
const MAX_PROCESSES = 16
