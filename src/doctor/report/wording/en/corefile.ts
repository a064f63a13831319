import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

const log = { log: '{server} logged {count} {count:time|times}: {text}' }
const crashing = { crashing: '{pods} cannot start: CrashLoopBackOff' }

export const corefile: GroupWording<(typeof CAUSE_GROUPS)['corefile'][number]> = {
  'forwarding-loop': {
    title: 'CoreDNS forwards to itself',
    summary: 'CoreDNS forwards zone {zone} to {address}, which is itself, and ends when it sees the loop',
    lines: {
      ...log,
      'loopback-in-file':
        '{file}, which kubelet hands to CoreDNS, names {address}: in the pod that is CoreDNS itself ({kubelet})',
      'own-address': 'The Corefile {map} forwards to {address}, an address of CoreDNS itself',
      forward: 'ConfigMap {map}, Corefile line {line}: forward . {targets}',
      down: '{pods} is not ready',
      'no-forward': 'The Corefile has no forward for all names',
      elsewhere: 'No loop in a log; what is forwarded goes to other addresses than its own',
    },
  },
  'corefile-invalid': {
    title: 'the Corefile has an error',
    summary: 'CoreDNS refuses the Corefile in {map}: line {line}: {message}',
    lines: {
      ...log,
      ...crashing,
      error: 'ConfigMap {map}, Corefile line {line}: {message}',
      counter: '{server}: coredns_reload_failed_total is {count}',
      'old-one-runs': '{pods} still has the Corefile from before: it will not start again with this one',
      more: '{count} more {count:error|errors} in the same Corefile',
      valid: 'No error found in the Corefile of {map}',
    },
  },
  'corefile-not-reloaded': {
    title: 'an edited Corefile is not in use',
    summary: 'The Corefile in {map} was edited after {pods} started, and nothing makes CoreDNS read it again',
    lines: {
      'no-reload': 'The Corefile in {map} has no "reload": CoreDNS reads it at its start only',
      'sub-path': 'ConfigMap {map} is mounted with subPath: the file in the pod never changes',
      older: '{pods} started at {started}, the ConfigMap was changed at {changed}',
      otherwise: '{count} {count:answer is|answers are} not what this Corefile says',
      'started-later': 'Every replica started after the last change of {map} ({changed})',
      'has-reload': 'The Corefile in {map} has "reload", and the file is mounted so that it changes',
      'reload-soon': 'The Corefile in {map} has "reload" and was changed {seconds} s ago: it takes up to two minutes',
    },
  },
  'corefile-directive-removed': {
    title: 'the Corefile uses what this CoreDNS no longer has',
    summary: 'CoreDNS {version} no longer has "{directive}" (gone since {removedIn}), which the Corefile uses',
    lines: {
      ...log,
      ...crashing,
      used: 'ConfigMap {map}, Corefile line {line}: "{directive}" is gone since CoreDNS {removedIn}',
      image: '{pods} runs {image}',
      'all-known': 'CoreDNS {versions} has every directive of the Corefile in {map}, as far as releases took some away',
    },
  },
}

export const corefileFixes: Readonly<Record<string, FixWording>> = {
  'forwarding-loop': {
    explanation:
      'Have kubelet hand out {file}, which holds the real nameservers of {node}, restart kubelet, and make the CoreDNS pods anew. Do not just remove "loop": then every query goes round until it times out.',
    risk: 'Pods with dnsPolicy Default that start from then on get the other file; running pods keep theirs.',
  },
  'forwarding-loop.corefile': {
    explanation: 'Put the addresses of the real resolvers in the place of {address}.',
    risk: 'A mistake in the Corefile stops new pods: check it with "fathom lint" first.',
  },
  'corefile-invalid': {
    explanation: 'Correct line {line}, and check the ConfigMap before it is applied.',
    risk: 'Servers with "reload" take the corrected file over within two minutes; crashed ones start again by themselves.',
  },
  'corefile-not-reloaded': {
    explanation:
      'Make the pods anew; for good, put "reload" into the Corefile and mount the ConfigMap without subPath.',
    risk: 'Pods are replaced one by one. If the edited Corefile has an error the new ones will not start: check it with "fathom lint" first.',
  },
  'corefile-directive-removed': {
    explanation: 'Instead of "{directive}" use {instead}; corefile-tool migrates a whole Corefile.',
    risk: 'The migrated Corefile must say the same as the old one: compare both before it is applied.',
  },
}
