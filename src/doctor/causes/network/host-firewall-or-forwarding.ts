// A node forwards nothing for its pods: forwarding is off, its policy is DROP, or a firewall rejects.
import type { KernelReading, Ladder, Rung } from '../../ladder/index.ts'
import { phrase } from '../../ladder/index.ts'
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { EvidenceLine, Judgement } from '../judgement.ts'
import type { CauseCode } from '../codes.ts'
import { judgeForwardedTcp } from './forwarded-tcp.ts'
import { judgeHeldWays } from './held-ways.ts'
import type { IptablesRules } from './kernels.ts'
import { excluded, failedIds, notChecked, objectRef, shellQuote } from '../support.ts'
import { blockingRules, kernelOfNode, nodeKernels, seen } from './kernels.ts'
import { lostRoutes } from './lost-routes.ts'
import { isSilent, waysTo } from './ways.ts'
import type { Way } from './ways.ts'

const OTHER_BACKEND: readonly CauseCode[] = ['mixed-iptables-backends']

export const hostFirewallOrForwarding: Cause = {
  code: 'host-firewall-or-forwarding',
  needs: ['probes'],
  judge(evidence) {
    const judged = evidence.facts.nodes.flatMap(({ name }) => judgeBoth(evidence, name))
    if (judged.length > 0) return judged
    return [judgeRest(evidence)]
  },
}

/** Excluded for what was seen to arrive only: a way that lost something, or was not asked, says nothing for its node. */
function judgeRest({ facts, ladder }: Evidence): Judgement {
  if (nodeKernels(ladder).length === 0) return notChecked('not-checked.no-kernel')
  const ways = facts.nodes.map(({ name }) => ({ name, forwarded: forwardedWays(ladder, name) }))
  const lossy = ways.filter(({ forwarded }) => forwarded.some(({ udp, tcp }) => udp === 'silent' || tcp === 'silent'))
  if (lossy.length > 0)
    return notChecked('not-checked.forwarding-partly', { nodes: lossy.map(({ name }) => name).join(', ') })
  const whole = ways.filter(({ forwarded }) => forwarded.length > 0).map(({ name }) => name)
  return whole.length === 0
    ? notChecked('not-checked.nothing-forwarded')
    : excluded(line('observed', 'forwards', { nodes: whole }))
}

/** Where it is not all that a node forwards, a rule that covers what is lost proves more than that some is. */
function judgeBoth(evidence: Evidence, node: string): Judgement[] {
  const judged = judgeNode(evidence, node)
  if (judged.some(({ status }) => status === 'proven')) return judged
  const held = judgeHeldWays(evidence, node)
  return held === undefined ? judged : [held]
}

function judgeNode(evidence: Evidence, node: string): Judgement[] {
  const { ladder } = evidence
  // What ends in a routing table never came to be forwarded.
  const routed = new Set(
    lostRoutes(evidence).flatMap(({ ways }) => ways.map(({ place, address }) => `${place} ${address}`)),
  )
  const forwarded = forwardedWays(ladder, node).filter(({ place, address }) => !routed.has(`${place} ${address}`))
  const silent = forwarded.filter(isSilent)
  if (silent.length === 0) {
    const overTcp = judgeForwardedTcp(ladder, node, forwarded)
    return overTcp === undefined ? [] : [overTcp]
  }
  const reading = kernelOfNode(ladder, node)
  const reasons = reading === undefined ? [] : reasonsOf(reading)
  const rejected = forwarded.flatMap(({ rungs }) => rungs.filter(isRejected))
  if (reasons.length === 0 && rejected.length === 0) return []
  const isWhole = silent.length === forwarded.length
  const explains = [
    ...new Set([
      ...silent
        .flatMap(({ rungs }) => rungs)
        .filter(({ result }) => result === 'failed')
        .map(({ id }) => id),
      ...behindNode(ladder, { node, hasReplica: silent.some(({ isPod }) => !isPod) }),
    ]),
  ]
  const [way] = silent
  const [reject] = rejected
  const finding = {
    subject: { kind: 'node', name: node } as const,
    objects: [objectRef('Node', node)],
    values: { node },
    ...(reasons.length > 0 ? {} : { summary: 'rejected' }),
    evidence: [
      ...reasons.map(({ evidence }) => evidence),
      line('observed', 'nothing-forwarded', {
        node,
        count: silent.length,
        place: way?.place ?? '',
        server: way?.hop.name ?? '',
        all: forwarded.length,
      }),
      ...(reject === undefined
        ? []
        : [
            line('observed', 'unreachable', {
              count: rejected.length,
              detail: reject.observed.kind === 'unreachable' ? reject.observed.detail : '',
            }),
          ]),
    ],
    fix: {
      key: 'host-firewall-or-forwarding',
      values: { node },
      command:
        reasons.length === 0
          ? `ssh ${shellQuote(node)} 'systemctl is-active firewalld ufw; sudo iptables -S FORWARD | head -1; sysctl net.ipv4.ip_forward'`
          : reasons.map(({ command }) => `ssh ${shellQuote(node)} ${shellQuote(command)}`).join('\n'),
    },
    isFault: false,
    ...(reading !== undefined && isInOtherBackend(reading) ? { beneath: OTHER_BACKEND } : {}),
    explains,
  }
  return [
    reasons.length > 0 && isWhole
      ? { status: 'proven', ...finding }
      : { status: 'suspected', ...finding, missing: [phrase('host-firewall-or-forwarding.missing-reason', { node })] },
  ]
}

/** Somebody on the way said so; what the asker's own kernel does not let out has other words. */
function isRejected({ observed }: Rung): boolean {
  return (
    observed.kind === 'unreachable' &&
    !/EINVAL|EACCES|EPERM|invalid argument|permission|permitted/i.test(observed.detail)
  )
}

interface Reason {
  readonly evidence: EvidenceLine
  readonly command: string
}

function reasonsOf(reading: KernelReading): Reason[] {
  const { node = '', first } = reading
  const forwarding = seen(first.sysctls)?.['net.ipv4.ip_forward']
  const backends = (seen(first.iptables) ?? []).filter(({ family }) => family === 4)
  const isAlone = backends.length === 1
  const dropping = backends.filter(dropsForwarded)
  const nft = (seen(first.nftables)?.chains ?? []).filter(
    ({ hook, policy, table, name, family }) =>
      hook === 'forward' && policy === 'drop' && !(family === 'ip' && table === 'filter' && name === 'FORWARD'),
  )
  // Rules for one port are somebody else's: they are named by what they break.
  const rules = blockingRules(reading).filter(
    ({ text, destinationPort }) => text.startsWith('filter: ') && destinationPort === undefined,
  )
  return [
    ...(forwarding === '0'
      ? [{ evidence: line('observed', 'forwarding-off', { node }), command: 'sudo sysctl -w net.ipv4.ip_forward=1' }]
      : []),
    ...dropping.map(({ backend }) => ({
      evidence: line('observed', 'policy', { node, backend }),
      // Plain "iptables" changes one backend only, which need not be this one.
      command: `sudo ${isAlone ? 'iptables' : `iptables-${backend}`} -P FORWARD ACCEPT`,
    })),
    ...nft.map(({ family, table, name }) => ({
      evidence: line('observed', 'chain', { node, chain: `${family} ${table} ${name}` }),
      command: `sudo nft list chain ${family} ${table} ${name}`,
    })),
    ...rules.slice(0, 2).map(({ text, growth }) => ({
      evidence: line('observed', 'rule', { node, rule: text, count: growth }),
      command: /firewall|ufw|IN_|FWD/i.test(text)
        ? 'sudo systemctl disable --now firewalld'
        : `sudo iptables -t ${text.replace(': -A ', ' -D ')}`,
    })),
  ]
}

function dropsForwarded({ chains }: IptablesRules): boolean {
  return chains.some(({ table, name, policy }) => table === 'filter' && name === 'FORWARD' && policy === 'DROP')
}

/** The policy is that of the backend which kube-proxy does not write to: what lies beneath is that there are two. */
function isInOtherBackend({ first }: KernelReading): boolean {
  const backends = (seen(first.iptables) ?? []).filter(({ family }) => family === 4)
  const hasKube = ({ chains }: IptablesRules): boolean => chains.some(({ name }) => name.startsWith('KUBE-'))
  return (
    backends.some((rules) => dropsForwarded(rules) && !hasKube(rules)) &&
    backends.some((rules) => !dropsForwarded(rules) && hasKube(rules))
  )
}

/** What the node has to forward: from its pods to anywhere, and from other nodes to its pods. */
function forwardedWays(ladder: Ladder, node: string): Way[] {
  const ways = [...waysTo(ladder, 'replica'), ...waysTo(ladder, 'dns-service')]
  return ways.filter((way) => (way.isPod ? way.node === node : way.hop.node === node && way.node !== node))
}

/**
 * What its pods asked beyond the node, CoreDNS pods of their upstreams among them, and what the Service sends to a replica
 * on it.
 */
function behindNode(
  ladder: Ladder,
  { node, hasReplica }: { readonly node: string; readonly hasReplica: boolean },
): string[] {
  return failedIds(ladder, ({ from, fromNode, hop, purpose, observed }) => {
    const isSilent = observed.kind !== 'response'
    if (from.kind === 'pod' && fromNode === node) return hop.kind !== 'node-cache' && isSilent
    if (!hasReplica) return false
    if (hop.kind === 'replica') return hop.node === node && (purpose === 'external' || isSilent)
    return hop.kind === 'dns-service' || hop.kind === 'node-cache'
  })
}
