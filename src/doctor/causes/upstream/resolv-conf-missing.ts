// kubelet is told to hand out a file that the node does not have: no sandbox can be made there.
import type { ClusterEvent } from '../../../kube/objects/index.ts'
import type { NodeFacts } from '../../facts/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Rung } from '../../ladder/index.ts'
import { clusterNameRungs } from '../service-support.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, nodeNamed, notChecked, objectRef, qualifiedName, shellQuote } from '../support.ts'

const NO_FILE = /open (?<path>\/\S*resolv\S*\.conf): no such file or directory/
const UPLINK = '/run/systemd/resolve/resolv.conf'

export const resolvConfMissing: Cause = {
  code: 'resolv-conf-missing',
  needs: [],
  judge(evidence) {
    const { facts } = evidence
    const byNode = eventsByNode(evidence)
    const names = new Set([
      ...byNode.keys(),
      ...facts.nodes.filter((node) => isAbsent(evidence, node)).map(({ name }) => name),
    ])
    const found = [...names].flatMap((name) => {
      const node = nodeNamed(facts, name)
      return node === undefined ? [] : [judgeNode(evidence, node, byNode.get(name) ?? [])]
    })
    if (found.length > 0) return found
    const isBlind = facts.missing.some(({ what }) => what === 'events')
    const seen = facts.nodes.filter(({ resolvConf }) => resolvConf !== undefined).length
    if (isBlind && (seen === 0 || seen < facts.nodes.length)) return [notChecked('not-checked.no-events')]
    return [excluded(isBlind ? line('observed', 'present', { count: seen }) : line('observed', 'no-event', {}))]
  },
}

function judgeNode(evidence: Evidence, node: NodeFacts, events: readonly ClusterEvent[]): Judgement {
  const { resolvConf } = node.kubelet
  const path = pathOf(events[0]) ?? resolvConf.value
  const pods = [...new Set(events.filter(({ regarding }) => regarding.kind === 'Pod').map(regardingName))]
  const isConfigured = resolvConf.origin !== 'assumed' && resolvConf.value === path
  const absent = isAbsent(evidence, node)
  const values = { node: node.name, path, pods }
  const finding = {
    subject: { kind: 'node' as const, name: node.name },
    objects: [
      ...pods.slice(0, 3).map((pod) => objectRef('Pod', pod)),
      ...events.slice(0, 3).map(({ meta }) => ({ kind: 'Event', namespace: meta.namespace, name: meta.name })),
    ],
    values,
    evidence: [
      ...events
        .slice(0, 1)
        .map((event) => line('observed', 'event', { path, pod: regardingName(event), count: events.length })),
      ...(isConfigured ? [line(resolvConf.origin, 'configuration', { path, from: resolvConf.from })] : []),
      ...(absent ? [line('observed', 'absent', values)] : []),
      ...(pods.length > 0 ? [line('observed', 'stuck', { count: pods.length, pods, node: node.name })] : []),
    ],
    fix: fixFor(node.name, path),
    isFault: true,
    explains: explainedBy(evidence, node, new Set(pods)),
  }
  if (events.length > 0 && isConfigured) return { status: 'proven', ...finding }
  const key = events.length === 0 ? 'resolv-conf-missing.missing-event' : 'resolv-conf-missing.missing-configuration'
  return { status: 'suspected', ...finding, missing: [phrase(key, { node: node.name })] }
}

/** The node was looked at, and the file is not there. */
function isAbsent({ facts }: Evidence, { name, kubelet }: NodeFacts): boolean {
  return facts.missing.some(
    ({ what, why }) =>
      what === `node/${name}/resolvConf` && why === `${kubelet.resolvConf.value} does not exist on ${name}`,
  )
}

function eventsByNode({ facts }: Evidence): Map<string, ClusterEvent[]> {
  const events = facts.objects.events.filter(({ message }) => NO_FILE.test(message))
  const byNode = new Map<string, ClusterEvent[]>()
  if (events.length === 0) return byNode
  const wanted = new Set(events.map(regardingName))
  const nodeOf = new Map(
    facts.objects.pods
      .filter((pod) => wanted.has(qualifiedName(pod)))
      .map((pod) => [qualifiedName(pod), pod.spec.nodeName] as const),
  )
  for (const event of events) {
    const node = event.regarding.kind === 'Node' ? event.regarding.name : nodeOf.get(regardingName(event))
    if (node !== undefined) byNode.set(node, [...(byNode.get(node) ?? []), event])
  }
  return byNode
}

/** Where DNS servers cannot start because of it, whatever they would have answered. */
function explainedBy({ facts, ladder }: Evidence, node: NodeFacts, stuck: ReadonlySet<string>): string[] {
  const { replicas } = facts.dns
  const noneReady = replicas.every(({ ready }) => !ready) && replicas.some(({ pod }) => stuck.has(qualifiedName(pod)))
  return failedIds(ladder, (rung: Rung) => {
    if (stuck.has(rung.hop.name)) return true
    if (rung.hop.kind === 'node-cache' && rung.hop.node === node.name && isStuckCache(facts.dns.nodeCaches, stuck)) {
      return true
    }
    return noneReady && (rung.hop.kind === 'dns-service' || clusterNameRungs(rung))
  })
}

function isStuckCache(caches: Evidence['facts']['dns']['nodeCaches'], stuck: ReadonlySet<string>): boolean {
  return caches.some(({ pods }) => pods.some(({ pod }) => stuck.has(qualifiedName(pod))))
}

function fixFor(node: string, path: string): ReturnType<typeof makeFix> {
  return path === UPLINK
    ? makeFix('resolv-conf-missing.systemd', { node, path }, `sudo systemctl enable --now systemd-resolved`)
    : makeFix('resolv-conf-missing', { node, path }, 'sudo vi /var/lib/kubelet/config.yaml')
}

function makeFix(
  key: string,
  values: { readonly node: string; readonly path: string },
  first: string,
): { key: string; values: { readonly node: string; readonly path: string }; command: string } {
  const host = shellQuote(values.node)
  const comment = key === 'resolv-conf-missing' ? '   # resolvConf: /etc/resolv.conf' : ''
  return { key, values, command: `ssh -t ${host} ${first}${comment}\nssh ${host} sudo systemctl restart kubelet` }
}

function pathOf(event: ClusterEvent | undefined): string | undefined {
  return event === undefined ? undefined : NO_FILE.exec(event.message)?.groups?.['path']
}

function regardingName({ regarding }: ClusterEvent): string {
  return `${regarding.namespace}/${regarding.name}`
}
