// All replicas sit on one node: when it goes, DNS goes.
import type { Cause, Evidence } from '../cause.ts'
import { line } from '../judgement.ts'
import type { Judgement } from '../judgement.ts'
import { excluded, failedIds, nodeNamed, notChecked, objectRef, podRef, readyEndpoints } from '../support.ts'
import { deploymentOf } from '../service-support.ts'

export const replicasOnOneNode: Cause = {
  code: 'replicas-on-one-node',
  needs: ['dns-service', 'endpoint-slices', 'pods'],
  judge: (evidence) => [judge(evidence)],
}

function judge({ facts, ladder }: Evidence): Judgement {
  const { service, replicas } = facts.dns
  const endpoints = service === undefined ? [] : readyEndpoints(service)
  const placed = endpoints.filter(({ node }) => node !== '')
  const nodes = new Set(placed.length > 0 ? placed.map(({ node }) => node) : replicas.map(({ node }) => node))
  nodes.delete('')
  const [node] = nodes
  if (node === undefined) return notChecked('not-checked.no-placement')
  const count = Math.max(placed.length, replicas.filter((replica) => replica.node === node).length)
  if (nodes.size > 1) return excluded(line('observed', 'spread', { count: placed.length, nodes: [...nodes] }))
  if (facts.nodes.length === 1) return excluded(line('observed', 'single-node', { node }))
  const known = nodeNamed(facts, node)
  const isDown = known?.node !== undefined && !known.node.ready
  const owner = replicas.find(({ pod }) => pod.meta.owner !== undefined)
  const namespace = owner?.pod.meta.namespace ?? service?.service.meta.namespace ?? 'kube-system'
  const deployment = deploymentOf(owner?.pod.meta.owner?.name)
  return {
    status: 'proven',
    subject: { kind: 'node', name: node },
    objects: [
      ...replicas.filter((replica) => replica.node === node).map(({ pod }) => podRef(pod, 'spec.nodeName')),
      objectRef('Node', node),
    ],
    values: { node, count },
    evidence: [
      line('observed', 'all-on', { node, count, pods: replicas.map(({ pod }) => pod.meta.name) }),
      ...(isDown ? [line('observed', 'node-not-ready', { node })] : []),
      line('observed', 'other-nodes', { count: facts.nodes.length - 1 }),
    ],
    fix: {
      key: 'replicas-on-one-node',
      values: { node },
      command:
        count > 1
          ? `kubectl -n ${namespace} rollout restart deployment/${deployment}`
          : `kubectl -n ${namespace} scale deployment/${deployment} --replicas=2`,
    },
    isFault: false,
    explains: isDown ? failedIds(ladder, ({ hop }) => hop.kind === 'dns-service' || hop.kind === 'replica') : [],
  }
}
