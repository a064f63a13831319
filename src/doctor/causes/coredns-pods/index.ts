import type { Cause } from '../cause.ts'
import { dnsPodsPending } from './dns-pods-pending.ts'
import { replicaAnswersDiffer } from './replica-answers-differ.ts'
import { replicasOnOneNode } from './replicas-on-one-node.ts'

/** In the order of the catalogue. */
export const COREDNS_PODS_CAUSES: readonly Cause[] = [dnsPodsPending, replicasOnOneNode, replicaAnswersDiffer]
