import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const service: GroupWording<(typeof CAUSE_GROUPS)['service'][number]> = {
  'dns-service-no-endpoints': {
    title: 'the DNS Service has no ready endpoint',
    summary: 'The DNS Service {service} ({address}) has no ready endpoint: only what caches still hold is answered',
    lines: {
      empty: 'Service {service} has {slices} {slices:EndpointSlice|EndpointSlices} and no endpoint in {slices:it|them}',
      'none-ready': 'Service {service} has {count} {count:endpoint|endpoints}, none of them ready',
      'no-pods': 'No CoreDNS pod was found; the Service selects {selector}',
      pods: '{ready} of {count} CoreDNS {count:pod|pods} ready: {states}',
      ready: 'Service {service} has {count} ready {count:endpoint|endpoints}',
      answers: 'Service {service} answers',
    },
  },
  'dns-service-selector-mismatch': {
    title: 'the DNS Service selects none of the CoreDNS pods',
    summary:
      'The DNS Service {service} selects {selector}, which none of the {count} ready CoreDNS {count:pod|pods} carries',
    lines: {
      selector: 'Service {service}: spec.selector is {selector}',
      labels: '{count} CoreDNS {count:pod is|pods are} ready ({pods}) and labeled {labels}',
      'no-selector': 'Service {service} has no selector: its endpoints are written by something else',
      selected: 'Service {service} selects {count} CoreDNS {count:pod|pods}',
      ready: 'Service {service} has {count} ready {count:endpoint|endpoints}',
      'labels-not-ready':
        '{count} CoreDNS {count:pod is|pods are} there ({pods}), none of them ready, labeled {labels}',
      'none-carries':
        'The DNS Service {service} selects {selector}, which none of the {count} CoreDNS {count:pod|pods} carries; none of them is ready',
    },
  },
  'service-ip-unreachable': {
    title: 'the Service IP cannot be reached where the pods behind it can',
    summary:
      'The DNS Service IP {address} does not respond on {nodes}, while the CoreDNS pods behind it do: kube-proxy there is at fault',
    lines: {
      differs:
        'From {node}: {address} brought no response over {transports}; {replica} ({replicaAddress}) answered the same question over the same transports in {rttMs} ms',
      'proxy-absent': 'No kube-proxy pod runs on {node}',
      'proxy-not-ready': 'kube-proxy on {node} ({pod}) is not ready: {state}',
      'proxy-unhealthy': 'kube-proxy on {node} says on :10256/healthz: {status}',
      elsewhere: 'From {nodes} the Service IP answers',
      answers: '{address} answered from {count} {count:place|places}',
      'answers-partly': '{address} answers over one transport from {nodes}: not the Service IP as such',
    },
  },
}

export const serviceFixes: Readonly<Record<string, FixWording>> = {
  'dns-service-no-endpoints': {
    explanation: 'See why the pods that {service} selects are not ready, cure that, then restart them.',
    risk: 'A restart replaces the pods one by one; while none is ready there is nothing to lose.',
  },
  'dns-service-selector-mismatch': {
    explanation:
      'Make {service} select what the ready pods carry: {labels}. Helm or an add-on manager may write the old selector again: change it there as well.',
    risk: 'Takes effect at once for the whole cluster; the pods themselves are not touched.',
  },
  'service-ip-unreachable': {
    explanation: 'Restart kube-proxy on {nodes}: it writes the rules for the Service IP anew.',
    risk: 'Established connections stay; new ones to Services may fail on that node for a few seconds.',
  },
}
