import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const corednsPods: GroupWording<(typeof CAUSE_GROUPS)['coredns-pods'][number]> = {
  'dns-pods-pending': {
    title: 'CoreDNS pods are pending',
    summary: '{count} of {all} CoreDNS {all:pod|pods} cannot start: {pods}',
    lines: {
      unscheduled: '{pod} is not scheduled: {reason}: {message}',
      sandbox: '{pod}: {reason}: {message}',
      pending: '{count} of {all} CoreDNS {all:pod|pods} in phase Pending: {pods}',
      'none-pending': 'None of the {count} CoreDNS {count:pod|pods} is pending',
    },
  },
  'replicas-on-one-node': {
    title: 'all CoreDNS replicas are on one node',
    summary: 'All CoreDNS replicas ({count}) run on {node}: when it goes, DNS goes',
    lines: {
      'all-on': '{count} ready {count:endpoint|endpoints} of the DNS Service, on {node} only: {pods}',
      'node-not-ready': 'Node {node} is not ready',
      'other-nodes': '{count} other {count:node has|nodes have} no replica',
      spread: '{count} ready endpoints on {nodes}',
      'single-node': 'The cluster has one node, {node}',
    },
  },
  'replica-answers-differ': {
    title: 'replicas answer differently',
    summary: '{pods} answers {question} differently from the other replicas',
    lines: {
      odd: '{replica} says to {question} over TCP: {answer}',
      others: '{replica} says to {question} over TCP: {answer}',
      corefile:
        'They run different Corefiles: {odd} has {oddHash}…, {other} has {otherHash}… (SHA-512, from their logs)',
      image: 'The images differ: {odd} against {other}',
      'start-time': 'Started at {odd}, the other at {other}',
      'from-cache': 'The answer of {replica} has aged in a cache: it may be right again in seconds',
      agree: '{count} replicas gave the same answers to {questions} {questions:question|questions}',
    },
  },
}

export const corednsPodsFixes: Readonly<Record<string, FixWording>> = {
  'dns-pods-pending': {
    explanation:
      'The events at the end of the output say what is missing: a network plugin, a toleration, or resources.',
    risk: 'Reads only.',
  },
  'replicas-on-one-node': {
    explanation:
      'Have the replicas scheduled anew, away from {node}; for good: podAntiAffinity or topologySpreadConstraints, and a PodDisruptionBudget.',
    risk: 'Pods are replaced one by one; without anti-affinity the scheduler may choose the same node again.',
  },
  'replica-answers-differ': {
    explanation: 'Delete {pods}: the new pod reads the cluster and its Corefile afresh.',
    risk: 'One replica less for a few seconds; its log, which says why it fell behind, is lost: save it first.',
  },
}
