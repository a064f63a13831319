// Which pod and which container a process belongs to, told by /proc/PID/cgroup: both hierarchies, every driver and runtime
// write the pod's UID and the container's id into the path, each in its own way.

export interface PodCgroup {
  /** As the API writes it, with dashes; a static pod has 32 digits without. */
  readonly podUid: string
  /** 64 hexadecimal digits; absent for the pod's own cgroup. */
  readonly containerId?: string
}

const UID = /(?:^|[/-])pod([0-9a-f]{8}(?:[-_][0-9a-f]{4}){3}[-_][0-9a-f]{12}|[0-9a-f]{32})(?=[./:]|$)/
/** `docker-ID.scope`, `cri-containerd-ID.scope`, `crio-ID.scope`, `:cri-containerd:ID`, or the id alone. */
const CONTAINER = /([0-9a-f]{64})(?:\.scope)?$/
/** CRI-O keeps its monitor in the pod's cgroup, but in the node's namespaces. */
const MONITOR = /(?:^|\/)crio-conmon-[0-9a-f]{64}/

/** Reads the file's text; undefined for a process that belongs to no pod. */
export function parsePodCgroup(text: string): PodCgroup | undefined {
  for (const line of text.split('\n')) {
    // hierarchy:controllers:path; the path may hold colons of its own.
    const path = /^\d+:[^:]*:(.*)$/.exec(line)?.[1]
    const uid = path === undefined ? undefined : UID.exec(path)?.[1]
    if (path === undefined || uid === undefined) continue
    if (MONITOR.test(path)) return undefined
    const containerId = CONTAINER.exec(path)?.[1]
    return {
      podUid: uid.replaceAll('_', '-'),
      ...(containerId === undefined ? {} : { containerId }),
    }
  }
  return undefined
}
