// Cables and settings as data, and the one place that turns them into namespaces: few calls of `ip` for many devices.
import { writeSettings } from '../namespace-sockets.ts'
import { forEachFew, runInside, runIpBatch, runTool } from '../run-tool.ts'
import { LabError } from '../../cluster/lab-error.ts'

/** What is to be made, in the order in which it must be. Nothing in it is done twice for one namespace. */
export interface Wiring {
  readonly namespaces: readonly string[]
  /** Commands of `ip` outside: devices that lie between namespaces. */
  readonly links: readonly string[]
  readonly inside: readonly InsideWiring[]
}

/** What is done inside one namespace. */
export interface InsideWiring {
  readonly namespace: string
  /** Kernel settings below /proc/sys. */
  readonly settings?: Readonly<Record<string, string>>
  /** Commands of `ip`. */
  readonly ip?: readonly string[]
  /** Commands of `bridge`. */
  readonly bridge?: readonly string[]
  /** Input of `iptables-restore --noflush`. */
  readonly rules?: string
}

/** Several wirings as one. */
export function joinWirings(wirings: readonly Wiring[]): Wiring {
  return {
    namespaces: wirings.flatMap(({ namespaces }) => namespaces),
    links: wirings.flatMap(({ links }) => links),
    inside: wirings.flatMap(({ inside }) => inside),
  }
}

/** Makes everything of a wiring. @throws {LabError} `start-failed` with the command that failed */
export async function applyWiring({ namespaces, links, inside }: Wiring): Promise<void> {
  await runIpBatch([...namespaces.map((name) => `netns add ${name}`), ...links])
  const byNamespace = new Map<string, InsideWiring[]>()
  for (const part of inside) byNamespace.set(part.namespace, [...(byNamespace.get(part.namespace) ?? []), part])
  await forEachFew([...byNamespace], async ([namespace, parts]) => {
    for (const { settings } of parts) if (settings !== undefined) writeSettings(namespace, settings)
    await runIpBatch(
      parts.flatMap(({ ip = [] }) => ip),
      namespace,
    )
    await runBridge(
      namespace,
      parts.flatMap(({ bridge = [] }) => bridge),
    )
    for (const { rules } of parts) if (rules !== undefined) await restoreRules(namespace, rules)
  })
}

async function runBridge(namespace: string, lines: readonly string[]): Promise<void> {
  if (lines.length === 0) return
  const { status, stderr } = await runTool('bridge', ['-n', namespace, '-batch', '-'], `${lines.join('\n')}\n`)
  if (status !== 0) throw new LabError('start-failed', `"bridge -n ${namespace}" failed: ${stderr.trim()}`)
}

/** Adds packet-filter rules to those of a namespace. @throws {LabError} `start-failed` */
export async function restoreRules(namespace: string, rules: string): Promise<void> {
  const { status, stderr } = await runInside(namespace, 'iptables-restore', ['--wait', '5', '--noflush'], rules)
  if (status === 0) return
  const complaint = stderr.trim().split('\n')[0] ?? `exit status ${status}`
  throw new LabError('start-failed', `Cannot write packet-filter rules in ${namespace}: ${complaint}`)
}
