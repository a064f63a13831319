// Which program of a pod the lab runs, told by its container, and with which words.
import type { Json } from '../../../kube/objects/index.ts'
import { textAt, textsAt } from '../../cluster/raw-object.ts'

/** Where the programs are that pods run. */
export interface ProgramPaths {
  /** This program: the words that start it. */
  readonly fathom: readonly string[]
  /** A CoreDNS to run in its replicas instead of this program. */
  readonly coredns: string | undefined
  /** A node-cache to run instead of this program. */
  readonly nodeCache: string | undefined
}

export type ContainerProgram =
  /** A process in the pod's place. */
  | { readonly kind: 'process'; readonly what: 'coredns' | 'node-cache'; readonly command: readonly string[] }
  /** Part of the lab itself. */
  | { readonly kind: 'kube-proxy' }

/** The program of a container; undefined for those that the lab only pretends to run. */
export function programOf(container: Json, paths: ProgramPaths): ContainerProgram | undefined {
  const image = textAt(container, 'image')
  const name = image.slice(image.lastIndexOf('/') + 1)
  const args = [...textsAt(container, 'command'), ...textsAt(container, 'args')].filter(
    (arg, index) => index > 0 || arg.startsWith('-'),
  )
  if (/^(k8s-dns-node-cache|node-cache|node-local-dns)\b/.test(name)) {
    const { nodeCache } = paths
    const program = nodeCache === undefined ? [...paths.fathom, 'node-cache'] : [nodeCache]
    return { kind: 'process', what: 'node-cache', command: [...program, ...args] }
  }
  if (/^coredns\b/.test(name)) {
    const program = paths.coredns === undefined ? [...paths.fathom, 'serve'] : [paths.coredns]
    return { kind: 'process', what: 'coredns', command: [...program, ...args] }
  }
  return /^kube-proxy\b/.test(name) ? { kind: 'kube-proxy' } : undefined
}

/** The value of a flag in Go's style; undefined when it is not there. */
export function flagValue(args: readonly string[], name: string): string | undefined {
  const index = args.findIndex((arg) => arg === `-${name}` || arg === `--${name}`)
  const joined = args.find((arg) => arg.startsWith(`-${name}=`) || arg.startsWith(`--${name}=`))
  return joined === undefined ? (index < 0 ? undefined : args[index + 1]) : joined.slice(joined.indexOf('=') + 1)
}
