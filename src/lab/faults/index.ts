import { dnsServiceNoEndpoints } from './dns-service-no-endpoints.ts'
import { dnsServiceSelectorMismatch } from './dns-service-selector-mismatch.ts'
import type { Fault } from './fault.ts'
import { headlessServiceNoEndpoints } from './headless-service-no-endpoints.ts'
import { replicaAnswersDiffer } from './replica-answers-differ.ts'
import { replicasOnOneNode } from './replicas-on-one-node.ts'
import { serviceIpUnreachable } from './service-ip-unreachable.ts'
import { statefulSetServiceNameWrong } from './statefulset-service-name-wrong.ts'
import { upstreamDead } from './upstream-dead.ts'

/** Every fault that a lab can stage without touching a kernel. */
export const FAULTS: readonly Fault[] = [
  upstreamDead,
  dnsServiceNoEndpoints,
  dnsServiceSelectorMismatch,
  replicasOnOneNode,
  replicaAnswersDiffer,
  serviceIpUnreachable,
  headlessServiceNoEndpoints,
  statefulSetServiceNameWrong,
]

/** Finds a fault by its name. */
export function findFault(name: string): Fault | undefined {
  return FAULTS.find((fault) => fault.name === name)
}
