// Processes of this node by what /proc says of them: those of a pod, those in a namespace. Root sees all of them.
import { readFile, readdir, readlink } from 'node:fs/promises'
import { join } from 'node:path'
import { parsePodCgroup } from './pod-cgroup.ts'

export interface PodProcess {
  readonly pid: number
  /** The one that only holds the pod's namespaces open. */
  readonly isSandbox: boolean
  /** The namespace's identity: `net:[4026532177]`. */
  readonly netns: string
}

export interface ProcOptions {
  /** Default `/proc`; a node's, seen from a pod, may lie elsewhere. */
  readonly proc?: string
}

/** How many processes are looked at at a time: files of /proc are cheap, threads are few. */
const BATCH = 64

/** Lists the processes of a pod, oldest first. */
export async function findPodProcesses(podUid: string, { proc = '/proc' }: ProcOptions = {}): Promise<PodProcess[]> {
  return collectProcesses(proc, async (pid) => {
    const cgroup = parsePodCgroup(await readFile(join(proc, `${pid}`, 'cgroup'), 'utf8'))
    if (cgroup?.podUid !== podUid) return undefined
    const [command, netns] = await Promise.all([
      readFile(join(proc, `${pid}`, 'comm'), 'utf8'),
      readlink(join(proc, `${pid}`, 'ns', 'net')),
    ])
    return { pid, netns, isSandbox: command.trim() === 'pause' }
  })
}

/** Lists the processes in a network namespace, oldest first. @param identity `net:[4026532177]` */
export function findProcessesIn(identity: string, { proc = '/proc' }: ProcOptions = {}): Promise<number[]> {
  return collectProcesses(proc, async (pid) =>
    (await readlink(join(proc, `${pid}`, 'ns', 'net'))) === identity ? pid : undefined,
  )
}

async function collectProcesses<T>(proc: string, look: (pid: number) => Promise<T | undefined>): Promise<T[]> {
  const names = await readdir(proc)
  const pids = names.filter((name) => /^\d+$/.test(name)).map(Number)
  pids.sort((left, right) => left - right)
  const found: T[] = []
  for (let at = 0; at < pids.length; at += BATCH) {
    // A process that ends meanwhile, or that may not be looked at, is not among them.
    const looked = await Promise.all(pids.slice(at, at + BATCH).map((pid) => look(pid).catch(() => undefined)))
    for (const item of looked) if (item !== undefined) found.push(item)
  }
  return found
}
