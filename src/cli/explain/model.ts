// The cluster as the schema sees it, prepared once for a run: the index, and the options of the server that answers.
import type { ClusterFacts } from '../../doctor/facts/index.ts'
import { routeFactsOf } from '../../doctor/facts/index.ts'
import type { DomainName, RRType } from '../../dns/index.ts'
import {
  ClusterIndex,
  DEFAULT_SCHEMA_OPTIONS,
  OFFLINE_ENV,
  resolve,
  suggest,
  type SchemaAnswer,
  type SchemaOptions,
  type Suggestion,
} from '../../kube/schema/index.ts'
import { readKubernetesOptions, type KubernetesOptions, type RouteFacts } from '../../route/index.ts'

export interface Model {
  readonly facts: ClusterFacts
  readonly route: RouteFacts
  /** Of the cluster's own Corefile, or kubeadm's usual ones where none was seen. */
  readonly kubernetes: KubernetesOptions
  /** Where these options were read; empty when they are assumed. */
  readonly optionsFrom: string
  ask(question: Question, options?: SchemaOptions): SchemaAnswer
  suggest(question: Question): Suggestion[]
}

export interface Question {
  readonly name: DomainName
  readonly type: RRType
}

export function createModel(facts: ClusterFacts): Model {
  const { corefile, clusterDomain } = facts.dns
  const block = corefile?.blocks.find((each) => each.directives.some(({ name }) => name === 'kubernetes'))
  const read = block && readKubernetesOptions(block)
  const kubernetes = read ?? { schema: usualOptions(clusterDomain.value) }
  const index = buildIndex(facts, kubernetes)
  const sources = { pods: facts.objects.pods, workloads: facts.objects.workloads }
  return {
    facts,
    route: routeFactsOf(facts),
    kubernetes,
    optionsFrom:
      read === undefined || corefile === undefined
        ? ''
        : `${corefile.configMap.namespace}/${corefile.configMap.name}:${corefile.configMap.key}`,
    ask: (question, options = kubernetes.schema) => resolve(index, question, options, envOf(facts)),
    suggest: (question) => suggest(index, question, kubernetes.schema, sources),
  }
}

/** kubeadm's `kubernetes` block, for clusters whose Corefile was not seen. */
function usualOptions(domain: string): SchemaOptions {
  return {
    ...DEFAULT_SCHEMA_OPTIONS,
    zones: [`${domain}.`, 'in-addr.arpa.', 'ip6.arpa.'],
    pods: 'insecure',
    ttl: 30,
  }
}

function buildIndex(facts: ClusterFacts, { labels, namespaceLabels, schema }: KubernetesOptions): ClusterIndex {
  const index = new ClusterIndex({ labels, namespaceLabels })
  const { objects } = facts
  if (objects.namespaces.length === 0) {
    // Dumps of Services alone are common; a namespace that holds an object exists.
    const names = new Set([...objects.services, ...objects.pods].map(({ meta }) => meta.namespace))
    for (const name of names) {
      index.apply({ kind: 'Namespace', meta: { namespace: '', name, labels: {}, annotations: {} } })
    }
  }
  // Only "pods verified" asks the index for pods; suggestions look at the objects themselves.
  const pods = schema.pods === 'verified' ? objects.pods : []
  for (const list of [objects.namespaces, objects.services, objects.endpointSlices, pods, objects.serviceImports]) {
    for (const object of list) index.apply(object)
  }
  return index
}

function envOf({ dns }: ClusterFacts): typeof OFFLINE_ENV {
  return { ...OFFLINE_ENV, localAddresses: dns.replicas.flatMap(({ ips }) => ips) }
}
