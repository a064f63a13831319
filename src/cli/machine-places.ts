// The places that this machine offers where it is a node of the cluster: itself, and the pods that run on it.
import { networkInterfaces } from 'node:os'
import type { ClusterFacts } from '../doctor/facts/index.ts'
import type { KubeClient } from '../kube/api/index.ts'
import { apiVantages, locateNode, locatePod, namespaceVantages, vantageHere } from '../vantage/index.ts'
import type { EphemeralOptions, Vantages } from '../vantage/index.ts'
import type { OpenSource } from './sources.ts'

/** The node that this machine is, told by its addresses; undefined when it is none that is known. */
export function nodeOfThisMachine(facts: ClusterFacts): string | undefined {
  const own = ownAddresses()
  return facts.nodes.find(({ node }) => node?.internalIPs.some((address) => own.has(address)))?.name
}

/** All addresses of this machine's interfaces. */
export function ownAddresses(): ReadonlySet<string> {
  return new Set(
    Object.values(networkInterfaces()).flatMap((addresses) => (addresses ?? []).map(({ address }) => address)),
  )
}

/** Vantages of this machine, of its pods (as root), and of the node that it is; every other place is `skipped`. */
export function machineVantages(facts: ClusterFacts): Vantages {
  const own = nodeOfThisMachine(facts)
  return namespaceVantages({
    async locate(place) {
      if (place.kind === 'here') return vantageHere()
      if (place.kind === 'node') return place.name === own ? vantageHere() : locateNode(place.name)
      const pod = facts.objects.pods.find(({ meta }) => meta.namespace === place.namespace && meta.name === place.name)
      // kubelet names a static pod's cgroup and folder by the hash of its file, not by the mirror's UID.
      const uid = pod?.meta.annotations['kubernetes.io/config.hash'] ?? pod?.meta.uid
      return locatePod(place, uid === undefined ? {} : { uidOf: () => uid })
    },
  })
}

/** What may be done in the cluster to get to a place. */
interface Consent {
  readonly allowExec: boolean
  readonly ephemeral?: EphemeralOptions | undefined
  /** Calls to the API server in all; default: as many as it takes. */
  readonly mostCalls?: number | undefined
}

/** The places of this machine, and all others as the API server shows them. */
export function reachableVantages(facts: ClusterFacts, client: KubeClient, consent: Consent): Vantages {
  const machine = machineVantages(facts)
  const others = apiVantages({ client, pods: facts.objects.pods, ...consent })
  return {
    async at(place) {
      const here = await machine.at(place)
      return 'kind' in here ? others.at(place) : here
    },
    close: async () => {
      await Promise.all([machine.close(), others.close()])
    },
  }
}

/** The lab's places, which its source closes, or those of this machine and what the API server shows of others. */
export function placesOf({ vantages, facts, client }: OpenSource, consent: Consent): Vantages {
  if (vantages !== undefined) return { at: (place) => vantages.at(place), close: () => Promise.resolve() }
  return client === undefined ? machineVantages(facts) : reachableVantages(facts, client, consent)
}
