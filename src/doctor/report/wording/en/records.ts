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
  'pod-hostname-unset': {
    title: 'the pod has no name of its own below the Service',
    summary: '{name} does not exist: pod {pod} has no hostname, so Service {service} knows it by its address only',
    lines: {
      'other-form': otherForm,
      'no-pod-label': '{name} has no pod label before its Service',
      'other-reason': '{name} exists, or is missing for another reason than its pod label (Service {service})',
      'no-such-pod': 'No pod {pod} exists',
      statefulset: '{pod} belongs to StatefulSet {statefulset}, which gives its pods hostnames',
      'not-behind': 'Pod {pod} is no endpoint of Service {service}',
      'has-hostname': 'The endpoint of pod {pod} has the hostname {hostname}',
      'no-hostname': 'The endpoint {address} of Service {service} (pod {pod}) has no hostname in its EndpointSlice',
      fields:
        'Pod {pod}: spec.hostname is {hostname}, spec.subdomain is {subdomain}; both must be set, the second to {service}',
      'own-name': 'By its address it has the name {name}',
      'no-pod-names': 'Line {line} of the Corefile: kubernetes without endpoint_pod_names gives no names after pods',
    },
  },
  'srv-port-name-mismatch': {
    title: 'no port of the Service has the asked name and protocol',
    summary: '{name} does not exist: Service {service} has no port of that name and protocol',
    lines: {
      'other-form': otherForm,
      'no-service': 'Service {service} does not exist',
      'no-port-asked': '{name} does not ask for a port',
      exists: '{name} exists',
      asked: 'The name asks for port "{port}" over {protocol} of Service {service}',
      'no-protocol': '{name} asks for port "{port}" without its protocol: the form is _PORT._PROTOCOL.SERVICE',
      port: 'Port {port}/{protocol} is named "{name}"',
      unnamed: 'Port {port}/{protocol} is unnamed: unnamed ports have no SRV record',
      'no-ports': 'Service {service} has no ports',
    },
  },
  'external-name-loop': {
    title: 'ExternalName Services lead to no address',
    summary:
      'The ExternalName of Service {name} leads back to itself after {count} {count:name|names}: no address comes of it',
    lines: {
      'too-long': '{name} leads through {count} names of the cluster; CoreDNS follows {max}',
      target: 'ExternalName Service {service} points to {target}',
      loop: 'The circle is {path}',
      'no-address': '{server} answers {rcode} with {count} {count:record|records} and no address',
      none: 'None of {count} ExternalName {count:Service|Services} leads to a loop',
      'no-external-name': '{name} is no ExternalName Service',
      'leads-on': '{name} leads to {target}',
    },
  },
  'external-name-is-ip': {
    title: 'externalName holds an address',
    summary: 'externalName of Service {service} is the address {address}, not a name: the Service has no records',
    lines: {
      address: 'Service {service}: type ExternalName, externalName "{address}"',
      'no-cname': 'ExternalName becomes a CNAME record, whose target is a name; CoreDNS gives NXDOMAIN for {address}',
      none: 'None of {count} ExternalName {count:Service|Services} holds an address',
      'no-external-name': '{name} is no ExternalName Service',
      'is-name': 'externalName of Service {service} is the name {target}',
    },
  },
  'pod-records-disabled': {
    title: 'names of pods by their address are switched off',
    summary: '{name} does not exist: the Corefile (ConfigMap {configMap}) gives no names to pods by their address',
    lines: {
      'other-form': '{name} is not of the form A-B-C-D.NAMESPACE.pod.ZONE',
      mode: 'ConfigMap {configMap}, line {line}: pods {mode}',
      'no-option':
        'ConfigMap {configMap}: the kubernetes directive in line {line} has no "pods", and the default is disabled',
      disabled: 'ConfigMap {configMap}, line {line}: pods disabled',
      form: '{name} is a name by address: only "pods verified" and "pods insecure" give such names',
      pod: 'Pod {pod} has the address {address}',
      'other-name': 'It has the name {name}',
    },
  },
  'multiple-ptr-records': {
    title: 'an address has several PTR records',
    summary: '{address} has {count} PTR records, one for each Service that selects the pod: {services}',
    lines: {
      'some-only':
        '{address} has {count} PTR records, one for each Service that selects the pod ({services}), and servers give only some of them',
      'no-address': '{name} is not the reverse name of an address',
      'not-several': '{address} has {count} PTR {count:record|records}',
      'selected-by': '{address} is a ready endpoint of {count} {count:Service|Services}: {services}',
      expected: 'That makes {count} PTR records: {names}',
      answered: '{server} answers with {count}: {names}',
    },
  },
  'aaaa-nxdomain-not-nodata': {
    title: 'a server denies a name of which it has records of the other family',
    summary:
      '{servers} gives {given} records of {name} and says NXDOMAIN for {type}: clients that ask for both find no name',
    lines: {
      given: '{server} answers {name} {type} with {records}',
      denied: '{server} answers {name} {type} with NXDOMAIN; NODATA would be right (RFC 2308 section 2)',
      template: 'The Corefile has a template directive in line {line}',
      'passed-on': '{servers} pass the denial on',
      agrees: '{servers} deny no name because of its other family ({count} {count:pair|pairs} of questions)',
    },
  },
  'namespace-not-served': {
    title: 'the Corefile leaves the namespace out',
    summary: '{name} does not exist: the Corefile ("{option}") leaves out namespace {namespaces}',
    lines: {
      'service-left-out':
        '{name} does not exist: the Corefile ("{option}") leaves the Service out in namespace {namespaces}',
      'namespaces-left-out': 'The Corefile ("{option}") leaves out {namespaces}: no Service there has a name',
      'other-form': '{name} is not of the form SERVICE.NAMESPACE.svc.ZONE',
      'no-namespace': 'Namespace {namespace} does not exist',
      served: 'The Corefile serves namespace {namespace}',
      'all-served': 'The Corefile serves all {count} namespaces that have Services',
      option: 'Line {line} of the Corefile: {option}',
      'left-out': 'Namespace {namespaces} exists and does not match, so that {name} is NXDOMAIN',
      'service-without-labels':
        'The labels of the Service in namespace {namespaces} do not match, so that {name} is NXDOMAIN',
      exists: 'Service {service} exists',
      'services-there': '{count} {count:Service is|Services are} there: {namespaces}',
    },
  },
  'ip-family-missing': {
    title: 'the Service has no address of the asked family',
    summary: '{name} has no {family} address: Service {service} is {has} only',
    lines: {
      'other-form': otherForm,
      exists: '{name} has records of the asked type',
      'other-reason': 'Not a missing family keeps {name} from having records',
      families: 'Service {service}: ipFamilies {families}, addresses {addresses}',
      endpoints: 'The ready endpoints of headless Service {service} have {has} addresses only',
      nodata: '{server} answers {name} {type} with NODATA: the name exists, this type does not',
      'cluster-has': '{family} is in use elsewhere in the cluster',
      'cluster-lacks': 'No Service, node or pod of the cluster has an {family} address ({has} only)',
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
  'pod-hostname.set': {
    explanation:
      'Use a StatefulSet, or give the template hostname and subdomain "{service}"; with endpoint_pod_names in the Corefile every endpoint is named after its pod. Until then ask for {pod} by its address.',
    risk: 'With endpoint_pod_names the names by address of all endpoints change into names by pod.',
  },
  'srv.use': { explanation: 'Ask for {name}.', risk: 'None.' },
  'srv.name-port': {
    explanation: 'Name the port of {service} "{port}".',
    risk: 'None for clients; where the Service has several ports, all of them need names.',
  },
  'srv.look': { explanation: 'Compare the name with the ports that {service} has.', risk: 'Reads only.' },
  'external-name.point': {
    explanation: 'Let one of {services} point to a name outside the circle, or to a Service with addresses.',
    risk: 'Clients of the name get the new target as soon as caches expire.',
  },
  'external-name.endpoints': {
    explanation: 'Replace {service} by a headless Service without selector and an EndpointSlice that holds {address}.',
    risk: 'The name then resolves to {address}; a TLS certificate must still fit the name that clients use.',
  },
  'pod-records.enable': {
    explanation: 'Ask for another name of the pod, or set "pods verified" in ConfigMap {configMap}.',
    risk: 'CoreDNS then watches all pods and needs more memory; "pods insecure" answers for every address, existing or not.',
  },
  'multiple-ptr': {
    explanation: 'Let only one of {services} select the pod, or stop relying on PTR records.',
    risk: 'Reads only. Whoever uses one of the Services loses this endpoint when its selector changes.',
  },
  'aaaa.upstream': {
    explanation:
      'Correct or replace {servers}; as a stopgap answer AAAA with NODATA yourself: template IN AAAA ZONE { rcode NOERROR } in the Corefile.',
    risk: 'The command reads only. The stopgap hides every AAAA record of that zone.',
  },
  'aaaa.corefile': {
    explanation: 'Look for what denies the name at {servers}: a template, a rewrite, or the server it forwards to.',
    risk: 'Reads only.',
  },
  'namespace-not-served': {
    explanation: 'Widen "{option}" of the kubernetes directive, or label what should be served.',
    risk: 'Names of what is added become visible to every pod.',
  },
  'ip-family.dual-stack': {
    explanation: 'Give {service} addresses of both families.',
    risk: 'Clients then try {family} too: the pods behind it must listen there.',
  },
  'ip-family.cluster': {
    explanation:
      'The cluster has no {family}: let clients of {service} use the other family, or make the cluster dual-stack.',
    risk: 'Reads only.',
  },
}
