// Bridged packets skip the packet filter: where client and CoreDNS pod share a node, the response is not translated back.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { formatPlace, phrase } from '../../ladder/index.ts'
import { excluded, failedIds, notChecked, objectRef, shellQuote } from '../support.ts'
import { kernelOfNode, nodeKernels, seen } from '../network/kernels.ts'
import { straySources } from './stray-sources.ts'

const SETTING = 'net.bridge.bridge-nf-call-iptables'

export const bridgeNetfilterDisabled: Cause = {
  code: 'bridge-netfilter-disabled',
  needs: ['dns-service'],
  judge(evidence) {
    const nodes = [...new Set([...straysByNode(evidence).keys(), ...bridgedNodes(evidence)])]
    if (nodes.length === 0) {
      const read = nodeKernels(evidence.ladder).filter(({ first }) => seen(first.sysctls) !== undefined)
      if (read.length === 0) return [notChecked('not-checked.no-kernel')]
      return [excluded(line('observed', 'translated', { nodes: read.map(({ node }) => node ?? '') }))]
    }
    return nodes.map((node) => judgeNode(evidence, node))
  },
}

function judgeNode(evidence: Evidence, node: string): Judgement {
  const strays = straysByNode(evidence).get(node) ?? []
  const setting = settingOf(evidence, node)
  const subject = { kind: 'node', name: node } as const
  if (setting === '1') return excluded(line('observed', 'enabled', { node, setting: SETTING }), subject)
  const first = strays[0]
  const isOff = setting !== undefined
  const finding = {
    subject,
    objects: [objectRef('Node', node)],
    values: { node, setting: SETTING },
    ...(first === undefined ? { summary: 'only-set' } : {}),
    evidence: [
      ...(first === undefined
        ? []
        : [
            line('observed', 'pair', { node, place: placeOf(first.rung.from), asked: first.asked, from: first.from }),
            line('observed', 'same-node', { node, count: strays.length }),
          ]),
      ...(isOff ? [line('observed', setting === '' ? 'not-loaded' : 'off', { node, setting: SETTING })] : []),
    ],
    fix: {
      key: 'bridge-netfilter-disabled',
      values: { node },
      command: [
        `ssh ${shellQuote(node)} 'sudo modprobe br_netfilter && sudo sysctl -w ${SETTING}=1'`,
        `ssh ${shellQuote(node)} 'echo br_netfilter | sudo tee /etc/modules-load.d/kubernetes.conf; echo "${SETTING} = 1" | sudo tee /etc/sysctl.d/99-kubernetes.conf'`,
      ].join('\n'),
    },
    isFault: first !== undefined,
    // Over TCP the response breaks the connection off instead: nothing strays, and the query fails as well.
    explains: failedIds(
      evidence.ladder,
      ({ hop, from }) =>
        hop.kind === 'dns-service' && strays.some(({ rung }) => formatPlace(rung.from) === formatPlace(from)),
    ),
  }
  if (first !== undefined && isOff) return { status: 'proven', ...finding }
  const missing = isOff ? 'bridge-netfilter-disabled.missing-pair' : 'bridge-netfilter-disabled.missing-setting'
  return { status: 'suspected', ...finding, missing: [phrase(missing, { node })] }
}

/** Responses to queries to the Service IP that came from a CoreDNS pod of the client's own node, by node. */
function straysByNode({ facts, ladder }: Evidence): Map<string, ReturnType<typeof straySources>> {
  const nodeOf = new Map(facts.dns.replicas.flatMap(({ ips, node }) => ips.map((ip) => [ip, node] as const)))
  const found = new Map<string, ReturnType<typeof straySources>>()
  for (const stray of straySources(ladder)) {
    const node = stray.rung.fromNode
    if (node === undefined || stray.rung.hop.kind !== 'dns-service' || nodeOf.get(stray.from) !== node) continue
    found.set(node, [...(found.get(node) ?? []), stray])
  }
  return found
}

/** Nodes whose pods hang on a bridge that the packet filter does not see. */
function bridgedNodes(evidence: Evidence): string[] {
  return nodeKernels(evidence.ladder).flatMap(({ node = '', first }) => {
    const links = seen(first.links) ?? []
    const bridges = new Set(links.filter(({ kind }) => kind === 'bridge').map(({ name }) => name))
    const hasPods = links.some(({ kind, master }) => kind === 'veth' && master !== undefined && bridges.has(master))
    const setting = settingOf(evidence, node)
    return hasPods && setting !== undefined && setting !== '1' ? [node] : []
  })
}

/** `0`, `1`, empty where br_netfilter is not loaded, undefined where it was not seen. */
function settingOf({ ladder }: Evidence, node: string): string | undefined {
  const reading = kernelOfNode(ladder, node)
  const sysctls = seen(reading?.first.sysctls)
  return sysctls === undefined ? undefined : (sysctls[SETTING] ?? '')
}

function placeOf(place: { readonly kind: string; readonly name?: string; readonly namespace?: string }): string {
  return place.namespace === undefined ? (place.name ?? place.kind) : `${place.namespace}/${place.name ?? ''}`
}
