// The kernel's own way to hold programs back: a control group with a quota of CPU time, as kubelet makes one for each container that
// has a CPU limit.
import { mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { LabError } from '../../cluster/lab-error.ts'

export interface CpuQuota {
  /** Of each period, all processes together, in microseconds; the kernel takes 1000 at least. */
  readonly quotaMicros: number
  readonly periodMicros: number
}

/** Processes that share a quota until the group is closed. */
export interface CpuGroup {
  /** Takes processes in; those that are in stay in, and one that has ended is passed over. */
  add(pids: readonly number[]): void
  /** Puts all back where they were. */
  close(): void
}

const ROOT = '/sys/fs/cgroup'

/**
 * Makes a group with this name.
 *
 * @throws {LabError} `not-supported` where the kernel has no quotas of CPU time, or this program may not set them
 */
export function makeCpuGroup(name: string, quota: CpuQuota): CpuGroup {
  const hierarchy = findHierarchy()
  const folder = join(hierarchy.root, name)
  try {
    hierarchy.enable()
    mkdirSync(folder, { recursive: true })
    for (const [file, text] of hierarchy.limits(quota)) writeFileSync(join(folder, file), text)
  } catch (error) {
    const why = error instanceof Error ? error.message : String(error)
    throw new LabError('not-supported', `Cannot limit CPU time by control groups: ${why}`)
  }
  const before = new Map<number, string>()
  return {
    add(pids) {
      for (const pid of pids) {
        try {
          const at = hierarchy.pathOf(pid)
          if (join(hierarchy.root, at) === folder) continue
          before.set(pid, at)
          writeFileSync(join(folder, 'cgroup.procs'), String(pid))
        } catch {
          // It ended meanwhile.
        }
      }
    },
    close() {
      for (const [pid, at] of before) {
        try {
          writeFileSync(join(hierarchy.root, at, 'cgroup.procs'), String(pid))
        } catch {
          // It ended, or where it was is gone: it stays in nobody's way.
        }
      }
      rmdirSync(folder)
    },
  }
}

// --- Both versions of the kernel's interface (cgroups(7)) ---

interface Hierarchy {
  readonly root: string
  enable(): void
  limits(quota: CpuQuota): readonly (readonly [file: string, text: string])[]
  /** Where a process is, below the root. */
  pathOf(pid: number): string
}

function findHierarchy(): Hierarchy {
  const isUnified = readOr(join(ROOT, 'cgroup.controllers'), '').split(/\s/).includes('cpu')
  return isUnified ? unified() : separate()
}

function unified(): Hierarchy {
  return {
    root: ROOT,
    enable: () => writeFileSync(join(ROOT, 'cgroup.subtree_control'), '+cpu'),
    limits: ({ quotaMicros, periodMicros }) => [['cpu.max', `${quotaMicros} ${periodMicros}`]],
    pathOf: (pid) => pathIn(pid, /^0::(.*)$/m),
  }
}

/** Version 1: a hierarchy for each controller, or for some together. */
function separate(): Hierarchy {
  const mounts = readOr('/proc/self/mounts', '')
  const root = /^\S+ (\S+) cgroup \S*\bcpu\b/m.exec(mounts)?.[1] ?? join(ROOT, 'cpu')
  return {
    root,
    enable: () => undefined,
    // The period first: a quota must fit into it.
    limits: ({ quotaMicros, periodMicros }) => [
      ['cpu.cfs_period_us', String(periodMicros)],
      ['cpu.cfs_quota_us', String(quotaMicros)],
    ],
    pathOf: (pid) => pathIn(pid, /^\d+:(?:[^:]*,)?cpu(?:,[^:]*)?:(.*)$/m),
  }
}

function pathIn(pid: number, line: RegExp): string {
  return line.exec(readFileSync(join('/proc', `${pid}`, 'cgroup'), 'utf8'))?.[1] ?? '/'
}

function readOr(path: string, otherwise: string): string {
  try {
    return readFileSync(path, 'utf8')
  } catch {
    return otherwise
  }
}
