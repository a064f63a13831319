import type { Cause } from '../cause.ts'
import { apiServerUnreachable } from './api-server-unreachable.ts'
import { corednsCpuThrottled } from './coredns-cpu-throttled.ts'
import { corednsOutOfMemory } from './coredns-out-of-memory.ts'
import { corednsSocketsExhausted } from './coredns-sockets-exhausted.ts'
import { dnsPodsPending } from './dns-pods-pending.ts'
import { endpointsliceAccessForbidden } from './endpointslice-access-forbidden.ts'
import { lameduckMissingOrTooLong } from './lameduck-missing-or-too-long.ts'
import { readinessProbeOnHealth } from './readiness-probe-on-health.ts'
import { replicaAnswersDiffer } from './replica-answers-differ.ts'
import { replicasOnOneNode } from './replicas-on-one-node.ts'

/** In the order of the catalogue. */
export const COREDNS_PODS_CAUSES: readonly Cause[] = [
  dnsPodsPending,
  replicasOnOneNode,
  corednsOutOfMemory,
  corednsCpuThrottled,
  apiServerUnreachable,
  endpointsliceAccessForbidden,
  readinessProbeOnHealth,
  lameduckMissingOrTooLong,
  replicaAnswersDiffer,
  corednsSocketsExhausted,
]
