import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

const otherForm = '{name} is not of the form SERVICE.NAMESPACE.svc.ZONE'

export const records: GroupWording<(typeof CAUSE_GROUPS)['records'][number]> = {
  'headless-service-no-endpoints': {
    title: 'the headless Service has no ready endpoint',
    summary: 'Headless Service {service} has no ready endpoint, so its name does not exist',
    lines: {
      'other-form': otherForm,
      headless: 'Service {service} is headless (clusterIP None): its name stands for its ready endpoints only',
      'none-ready': 'None of its {count} {count:endpoint|endpoints} is ready',
      empty: 'It has no endpoint at all; its selector matches {count} {count:pod|pods}',
      'pod-not-ready': 'Pod {pod} is not ready: {state}',
      'not-published': 'publishNotReadyAddresses of {service} is false',
      'no-service': 'Service {service} does not exist',
      'has-address': 'Service {service} is not headless: it has the address {address}',
      ready: 'Service {service} has {count} ready {count:endpoint|endpoints}',
      'publishes-not-ready': 'Service {service} publishes addresses that are not ready',
    },
  },
  'statefulset-service-name-wrong': {
    title: "the StatefulSet's serviceName does not lead to its pods",
    summary:
      '{name} does not exist: StatefulSet {statefulset} has serviceName {serviceName}, which does not give its pods this name',
    lines: {
      'other-form': otherForm,
      'service-name': 'StatefulSet {statefulset}: spec.serviceName is {serviceName}',
      'service-name-empty': 'Without a serviceName its pods get no names',
      'service-absent': 'Service {service} does not exist',
      'not-selected': "The selector of Service {service} does not match pod {pod}'s labels",
      'not-headless': 'Service {service} is not headless: clusterIP is {address}',
      'other-service': 'The name asks below Service {asked}; the pods have their names below {serviceName}',
      subdomain: 'Pod {pod} has subdomain {subdomain}, not {serviceName}',
      'right-name': 'The pod has the name {name}',
      'no-pod-label': '{name} has no pod label before its Service',
      'no-statefulset': '{pod} belongs to no StatefulSet',
      exists: '{name} exists',
      'not-ready': 'Service {service} gives the name, but its endpoint is not ready',
      'in-order': 'StatefulSet {statefulset} and its Service fit together',
    },
  },
  'pod-name-is-not-a-service': {
    title: "a pod's name is asked where a Service's belongs",
    summary:
      '{name} does not exist: {pod} is a Pod, but a name directly below the namespace {namespace} is read as a Service',
    lines: {
      'other-form': otherForm,
      'read-as-service': '{name} is read as Service "{service}" in namespace "{namespace}"',
      'no-service': 'Namespace {namespace} has no Service "{service}"',
      'pod-exists': 'Pod {pod} exists, with address {address}',
      'right-name':
        'Its name is {name}, because spec.hostname is {hostname} and spec.subdomain {subdomain} is a headless Service that selects it',
      'no-endpoint-name':
        'Pod {pod} has hostname {hostname} and subdomain {subdomain}: no headless Service gives it a name of its own',
      'pod-record': 'By its address it has the name {name}',
      'has-service-label': '{name} has a Service label: {service}',
      'service-exists': 'Service {service} exists',
      'no-such-pod': 'No pod {pod} exists',
    },
  },
}

export const recordsFixes: Readonly<Record<string, FixWording>> = {
  'headless.publish': {
    explanation:
      'See why the pods are not ready and cure that. Only where peers must find each other before they are ready, publish addresses that are not ready.',
    risk: 'The first reads only. After the second, clients of {service} may be sent to pods that cannot serve yet.',
  },
  'headless.selector': {
    explanation: 'Compare the selector of {service} with the labels of the pods that should stand behind it.',
    risk: 'Reads only.',
  },
  'statefulset.use': { explanation: 'Ask for {name}.', risk: 'None.' },
  'statefulset.create-service': {
    explanation:
      'Create {service} as a headless Service that selects the pods, or correct the one that is there (clusterIP cannot be changed: delete it first).',
    risk: 'The names appear as soon as the pods are ready; nothing is restarted.',
  },
  'statefulset.create-or-recreate': {
    explanation:
      'Create Service {service}, and the pods have their names below it; or give the StatefulSet serviceName {asked}, which takes deleting it without its pods and applying it again.',
    risk: 'Creating the Service restarts nothing. After the second way pods of {statefulset} get the new subdomain only when they are made anew.',
  },
  'statefulset.recreate': {
    explanation:
      'serviceName cannot be changed: delete the StatefulSet without its pods, and apply it again with the right one.',
    risk: 'Pods of {statefulset} keep running; they get the new subdomain only when they are made anew.',
  },
  'pod-name.use': { explanation: 'Ask for {name}.', risk: 'None.' },
  'pod-name.no-name': {
    explanation:
      '{pod} has no name: give its template hostname and subdomain and a headless Service of that name, or use a StatefulSet.',
    risk: 'Reads only.',
  },
}
