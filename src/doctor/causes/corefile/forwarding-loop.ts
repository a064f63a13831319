// CoreDNS forwards to itself: the resolv.conf that kubelet gives it names a loopback address, which in its pod is CoreDNS.
import { MAX_NAMESERVERS } from '../../../route/index.ts'
import type { ClusterFacts, CorefileFact } from '../../facts/index.ts'
import { isDefaultForward, listForwards, phrase } from '../../ladder/index.ts'
import type { Forward } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { removeNameserver } from '../edit-node-file.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Fix, Judgement, ObjectRef, Proven } from '../judgement.ts'
import {
  corefileRef,
  corefileSubject,
  editCorefile,
  isCrashing,
  logEvidence,
  rungsWithout,
  signsOfReplicas,
} from '../coredns-support.ts'
import { excluded, failedIds, nodeNamed, notChecked, podRef, qualifiedName } from '../support.ts'

const SYSTEMD_FILE = '/run/systemd/resolve/resolv.conf'

export const forwardingLoop: Cause = {
  code: 'forwarding-loop',
  needs: ['pods'],
  judge: (evidence) => [judge(evidence)],
}

/** Why a forward leads back to the server itself. */
interface WayBack {
  readonly evidence: EvidenceLine
  readonly address: string
  /** The node whose file it is; absent where the Corefile names the address. */
  readonly node?: string
  /** The node's file, where it names an address of the DNS Service or of a replica and not of its own machine. */
  readonly ownFile?: string
  readonly objects: readonly ObjectRef[]
}

function judge(evidence: Evidence): Judgement {
  const { facts, ladder } = evidence
  const { corefile, replicas } = facts.dns
  if (replicas.length === 0) return notChecked('not-checked.no-replicas')
  const sightings = signsOfReplicas(ladder, 'loop')
  const forwards = listForwards(corefile?.blocks ?? []).filter(isDefaultForward)
  const ways = corefile === undefined ? [] : waysBack(facts, corefile, forwards)
  const [way] = ways
  const areFilesKnown = replicas.some(({ node }) => nodeNamed(facts, node)?.resolvConf !== undefined)
  // The log of a run that ended tells of the past where its pod serves again and nothing leads back any more.
  const isPast = way === undefined && corefile !== undefined && areFilesKnown
  const serving = new Set(replicas.filter(({ ready }) => ready).map(({ pod }) => qualifiedName(pod)))
  const seen = sightings.filter(({ server, isPrevious }) => !(isPast && isPrevious === true && serving.has(server)))
  if (seen.length === 0 && way === undefined) {
    if (corefile === undefined) return notChecked('not-checked.no-corefile')
    if (forwards.length === 0) return excluded(line('stated', 'no-forward', {}))
    const fromFile = forwards.some(({ targets }) => targets.some(({ kind }) => kind === 'file'))
    if (fromFile && !areFilesKnown) return notChecked('not-checked.no-node-file')
    return excluded(line('observed', 'elsewhere', {}))
  }
  const names = new Set(seen.map(({ server }) => server))
  const down = replicas.filter(
    (replica) =>
      !replica.ready && (names.has(qualifiedName(replica.pod)) || (seen.length === 0 && isCrashing(replica))),
  )
  const finding = {
    subject: corefile === undefined ? { kind: 'pod' as const, name: seen[0]?.server ?? '' } : corefileSubject(corefile),
    objects: [
      ...(corefile === undefined ? [] : [corefileRef(corefile, forwards[0]?.line)]),
      ...ways.flatMap(({ objects }) => objects),
      ...down.map(({ pod }) => podRef(pod)),
    ],
    values: { address: way?.address ?? seen[0]?.finding.values['from'] ?? '', zone: '.' },
    evidence: [
      ...logEvidence(seen).slice(0, 2),
      ...ways.slice(0, 2).map((each) => each.evidence),
      ...(forwards[0] === undefined || corefile === undefined
        ? []
        : [
            line('stated', 'forward', {
              map: qualified(corefile),
              line: forwards[0].line,
              targets: forwards[0].targets.map(({ text }) => text),
            }),
          ]),
      ...(down.length === 0 ? [] : [line('observed', 'down', { pods: down.map(({ pod }) => pod.meta.name) })]),
    ],
    fix: fixFor(facts, way),
    isFault: true,
    explains: [
      ...rungsWithout(facts, ladder, down),
      ...failedIds(ladder, ({ hop, purpose }) => purpose === 'external' && hop.kind !== 'upstream' && seen.length > 0),
    ],
  }
  if (seen.length > 0 && way !== undefined) return { status: 'proven', ...finding }
  if (way?.ownFile !== undefined) return judgeUnseen(evidence, way, finding)
  const missing = seen.length === 0 ? phrase('forwarding-loop.missing-log') : phrase('forwarding-loop.missing-way')
  return { status: 'suspected', ...finding, missing: [missing] }
}

/**
 * The file itself is proof that questions come back. Nobody need see the loop: the Service may lead to another replica, and the next
 * nameserver answers in the end. A fault only where questions for names outside fail.
 */
function judgeUnseen(
  { ladder }: Evidence,
  { node = '', address }: WayBack,
  finding: Omit<Proven, 'status'>,
): Judgement {
  return {
    status: 'proven',
    ...finding,
    values: { ...finding.values, node, address },
    summary: 'own-upstream',
    isFault: false,
    explains: failedIds(
      ladder,
      ({ purpose, hop, observed }) =>
        purpose === 'external' &&
        hop.kind !== 'upstream' &&
        (observed.kind !== 'response' || observed.rcode === 'SERVFAIL'),
    ),
  }
}

function waysBack(facts: ClusterFacts, corefile: CorefileFact, forwards: readonly Forward[]): WayBack[] {
  const own = ownAddresses(facts)
  const targets = forwards.flatMap((forward) => forward.targets)
  const named = targets
    .filter(({ kind, text, port }) => kind === 'address' && port === 53 && (isLoopback(text) || own.has(text)))
    .map(({ text }): WayBack => {
      const evidence = line('stated', 'own-address', { map: qualified(corefile), address: text })
      return { evidence, address: text, objects: [] }
    })
  return targets.some(({ kind }) => kind === 'file') ? [...named, ...waysThroughFiles(facts)] : named
}

/** Of each node with a replica: the file that its kubelet gives to pods of dnsPolicy Default. */
function waysThroughFiles(facts: ClusterFacts): WayBack[] {
  const { dns, nodes } = facts
  const own = ownAddresses(facts)
  const asking = new Set(dns.replicas.filter(({ pod }) => pod.spec.dnsPolicy === 'Default').map(({ node }) => node))
  return nodes.flatMap(({ name, resolvConf, kubelet }): WayBack[] => {
    // What kubelet cuts off no pod ever gets.
    const nameservers = resolvConf?.conf.nameservers.slice(0, MAX_NAMESERVERS) ?? []
    const address = nameservers.find(isLoopback) ?? nameservers.find((one) => own.has(one))
    if (!asking.has(name) || resolvConf === undefined || address === undefined) return []
    const file = `${name}:${resolvConf.path}`
    const objects = [{ kind: 'File', namespace: '', name: file }]
    const values = { file, address, kubelet: kubelet.resolvConf.from }
    return isLoopback(address)
      ? [{ evidence: line('observed', 'loopback-in-file', values), address, node: name, objects }]
      : [{ evidence: line('observed', 'own-in-file', values), address, node: name, ownFile: resolvConf.path, objects }]
  })
}

function ownAddresses({ dns }: ClusterFacts): Set<string> {
  return new Set([...(dns.service?.clusterIPs ?? []), ...dns.replicas.flatMap(({ ips }) => ips)])
}

function isLoopback(address: string): boolean {
  return address.startsWith('127.') || address === '::1'
}

function qualified({ configMap }: CorefileFact): string {
  return `${configMap.namespace}/${configMap.name}`
}

function fixFor({ dns, nodes }: ClusterFacts, way: WayBack | undefined): Fix {
  const { corefile, replicas } = dns
  const edit = corefile === undefined ? 'kubectl -n kube-system edit configmap coredns' : editCorefile(corefile)
  if (way !== undefined && way.node === undefined) {
    return { key: 'forwarding-loop.corefile', values: { address: way.address }, command: edit }
  }
  const node = way?.node ?? replicas[0]?.node ?? ''
  const stub = nodes.find(({ name }) => name === node)?.kubelet.resolvConf.value ?? '/etc/resolv.conf'
  const pods = replicas.map(({ pod }) => pod.meta.name)
  const anew = `kubectl -n ${replicas[0]?.pod.meta.namespace ?? 'kube-system'} delete pod ${pods.join(' ')}`
  if (way?.ownFile !== undefined) {
    const values = { address: way.address, file: way.ownFile, node }
    return {
      key: 'forwarding-loop.own-file',
      values,
      command: [removeNameserver(node, way.ownFile, way.address), anew].join('\n'),
    }
  }
  const command = [
    `# on ${node}: set resolvConf: ${SYSTEMD_FILE} in /var/lib/kubelet/config.yaml (today ${stub}), then`,
    'systemctl restart kubelet',
    anew,
  ].join('\n')
  return { key: 'forwarding-loop', values: { file: SYSTEMD_FILE, node }, command }
}
