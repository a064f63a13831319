// From where the doctor asks: every node of a lab, this machine where it is part of the cluster, nowhere otherwise.
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import { chooseNodeOrigins, formatPlace, phrase } from '../../doctor/ladder/index.ts'
import type { Origin } from '../../doctor/ladder/index.ts'
import type { KubeClient } from '../../kube/api/index.ts'
import type { Pod } from '../../kube/objects/index.ts'
import { apiVantages } from '../../vantage/index.ts'
import type { EphemeralConsent, Skipped, Vantages } from '../../vantage/index.ts'
import type { Io } from '../command.ts'
import { findNode, findPod } from '../explain/asker.ts'
import { machineVantages, nodeOfThisMachine, ownAddresses } from '../machine-places.ts'
import { withoutPlace } from '../without-place.ts'
import type { ExamineOptions } from './options.ts'

export interface Places {
  readonly origins: readonly Origin[]
  /** Absent when nothing can be asked. */
  readonly vantages?: Vantages
  /** The pod given by `--from`. */
  readonly pod?: Pod
  /** Why nothing can be asked from that pod. */
  readonly absent?: Skipped | undefined
}

/**
 * Chooses the places to ask from.
 *
 * @param labVantages the places of a lab, when the facts come from one
 * @throws {UsageError} `--from` names something that is not there, or that cannot be asked from
 */
export function choosePlaces(
  facts: ClusterFacts,
  options: ExamineOptions,
  {
    io,
    labVantages,
    client,
    ephemeral,
  }: {
    readonly io: Io
    readonly labVantages: Vantages | undefined
    readonly client?: KubeClient | undefined
    /** Consent to add a container to the pod that is asked from. */
    readonly ephemeral?: EphemeralConsent | undefined
  },
): Places {
  const nodes = chooseNodeOrigins(facts)
  const from = options.from === undefined ? undefined : readFrom(facts, options.from)
  const pod = { ...(from?.pod === undefined ? {} : { pod: from.pod }), absent: from?.absent }
  const asked = from?.origin === undefined ? [] : [from.origin]
  if (labVantages !== undefined) {
    const own = nodes.length > 0 ? nodes : [{ place: { kind: 'here' } as const }]
    const known = new Set(own.map(({ node }) => node))
    // A place that is named is asked from beside the nodes, last, so that nodes stay the places of comparison.
    const added = asked.filter(({ place, node }) => place.kind === 'pod' || !known.has(node))
    return { origins: [...own, ...added], vantages: labVantages, ...pod }
  }
  if (options.direct || runsInThatCluster(facts, io)) {
    const here = hereOrigin(facts)
    const others = nodes
      .filter(({ node }) => node !== here.node)
      .map((origin) => ({ ...origin, skip: { why: phrase('skip.other-node'), needs: phrase('needs.direct') } }))
    // The pod that is named is asked from too: it may run on this machine.
    const added = asked.filter(({ place }) => place.kind === 'pod')
    return { origins: [here, ...others, ...added], vantages: machineVantages(facts), ...pod }
  }
  const isOffline = facts.source.kind === 'manifests'
  const own = nodeOfThisMachine(facts)
  const onMachine = asked.filter(({ node }) => node !== undefined && node === own)
  if (client !== undefined && !isOffline) {
    // What the API server shows of every node, and, of what is on this machine, the real thing.
    const origins = nodes.filter(({ node }) => onMachine.every(({ place }) => place.kind === 'pod' || node !== own))
    const added = asked.filter(({ place }) => place.kind === 'pod' || onMachine.length > 0)
    const { namespace = '', name = '' } = from?.pod?.meta ?? {}
    const consent = {
      allowExec: options.allow.has('exec'),
      ephemeral: ephemeral && { ...ephemeral, pod: { namespace, name } },
      mostCalls: options.mostCalls,
    }
    const seen = apiVantages({ client, pods: facts.objects.pods, ...consent })
    const vantages = onMachine.length === 0 ? seen : joinVantages(machineVantages(facts), onMachine, seen)
    return { origins: [...origins, ...added], vantages, ...pod }
  }
  const skip = isOffline
    ? { why: phrase('skip.manifests'), needs: phrase('needs.cluster') }
    : { why: phrase('skip.no-place'), needs: phrase('needs.direct') }
  const skipped = nodes.map((origin) => ({ ...origin, skip }))
  if (isOffline || onMachine.length === 0) return { origins: skipped, ...pod }
  // Whoever names a place of this machine says that the cluster's addresses mean the cluster there.
  const rest = skipped.filter(({ node }) => onMachine.every(({ place }) => place.kind === 'pod' || node !== own))
  return { origins: [...rest, ...onMachine], vantages: machineVantages(facts), ...pod }
}

/** The places of this machine as they are, all others through the API server. */
function joinVantages(machine: Vantages, onMachine: readonly Origin[], others: Vantages): Vantages {
  const here = new Set(onMachine.map(({ place }) => formatPlace(place)))
  return {
    at: (place) => (here.has(formatPlace(place)) ? machine : others).at(place),
    close: async () => {
      await Promise.all([machine.close(), others.close()])
    },
  }
}

/** A pod of this very cluster, with its own service account: the addresses are the cluster's. */
function runsInThatCluster(facts: ClusterFacts, { env }: Io): boolean {
  const host = env['KUBERNETES_SERVICE_HOST']
  if (facts.source.kind !== 'kubeconfig' || host === undefined || host === '') return false
  return URL.canParse(facts.source.server) && new URL(facts.source.server).hostname.replaceAll(/[[\]]/g, '') === host
}

/** This machine, and the node it is or is on, told by its addresses. */
function hereOrigin(facts: ClusterFacts): Origin {
  const own = ownAddresses()
  const pod = facts.objects.pods.find(({ podIPs }) => podIPs.some((address) => own.has(address)))
  const name = nodeOfThisMachine(facts) ?? pod?.spec.nodeName
  return { place: { kind: 'here' }, ...(name === undefined ? {} : { node: name }) }
}

function skipFor({ why, needs = '' }: Skipped): NonNullable<Origin['skip']> {
  return { why: phrase('skip.vantage', { detail: why }), needs: phrase('needs.vantage', { detail: needs }) }
}

interface AskedFrom {
  readonly origin?: Origin
  readonly pod?: Pod
  /** Why nothing can be asked from the pod. */
  readonly absent?: Skipped | undefined
}

function readFrom(facts: ClusterFacts, from: string): AskedFrom {
  if (from === 'here') return { origin: { place: { kind: 'here' } } }
  const node = findNode(facts, from)?.name
  if (node !== undefined) return { origin: { place: { kind: 'node', name: node }, node } }
  const pod = findPod(facts, from)
  const place = { kind: 'pod', namespace: pod.meta.namespace, name: pod.meta.name } as const
  const absent = withoutPlace(pod, facts.objects)
  const skip = absent === undefined ? {} : { skip: skipFor(absent) }
  return { origin: { place, ...(pod.spec.nodeName === '' ? {} : { node: pod.spec.nodeName }), ...skip }, pod, absent }
}
