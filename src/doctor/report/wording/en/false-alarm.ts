import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const falseAlarm: GroupWording<(typeof CAUSE_GROUPS)['false-alarm'][number]> = {
  'forward-metrics-renamed': {
    title: 'dashboards ask for metrics that were renamed',
    summary: '{map} asks for {gone}, which CoreDNS shows as {instead} now: "no data" there is not zero',
    lines: {
      asks: '{map} asks for {gone}',
      renamed: '{server} shows coredns_proxy_* series and none of {gone}',
      'nobody-asks': 'None of the {count} ConfigMaps that were seen asks for a series that was renamed',
      present: '{server} shows every series that is asked for',
    },
  },
  'coredns-metrics-unavailable': {
    title: 'CoreDNS shows no metrics',
    summary:
      'CoreDNS shows no metrics ({map}): what they would tell cannot be seen, which does not mean that all is well',
    lines: {
      'no-directive': 'The Corefile in {map} has no "prometheus"',
      'loopback-only': 'The Corefile in {map} has "prometheus {listen}", which listens inside the pod only',
      ports: 'Ports of the DNS Service: {ports}',
      blind: 'Latency, upstreams and rcodes of {count} CoreDNS {count:pod|pods} are known from queries alone',
      shown: '{map} shows metrics on port {port}',
    },
  },
  'dig-ignores-search-list': {
    title: 'dig does not use the search list',
    summary:
      '{given} is found as {name}: applications resolve it, and "dig {given}" fails, as dig has no search list by default',
    lines: {
      resolves: '{server} answers {name}',
      searched: 'Pods look for {given} below {searched}; dig asks for "{given}." alone',
      absolute: '{name} was asked as it is',
      'fails-too': '{name} has no records either: the search list is not what makes the difference',
    },
  },
}

export const falseAlarmFixes: Readonly<Record<string, FixWording>> = {
  'forward-metrics-renamed': {
    explanation: 'Ask for {instead} instead of {gone}; with both CoreDNS versions in use, for either ("or").',
    risk: 'None for DNS.',
  },
  'coredns-metrics-unavailable': {
    explanation:
      'Add "prometheus :9153" to the first server block of {map}; a port 9153 in the Service lets Prometheus find it.',
    risk: 'A mistake in the Corefile keeps the old one running and stops new pods: check it with "fathom lint" first.',
  },
  'dig-ignores-search-list': {
    explanation: 'Nothing to mend: use +search in a pod, or the full name.',
    risk: 'None.',
  },
}
