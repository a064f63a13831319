// A cluster that was described with calico, as it would be with flannel: pods get addresses of their node's podCIDR, calico's objects
// make room for flannel's. All else stays as it is.
import type { ClusterDescription } from '../../cluster/description.ts'
import { objectAt, textAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { isHostNetwork } from '../names.ts'
import { addressNumber, addressText, readBlock } from './addresses.ts'
import { VXLAN_PORT, vtepMac } from './flannel.ts'

const CALICO = /^calico-/
/** The bridge has the first address. */
const FIRST_POD = 2

/** Describes the same cluster with flannel; one that has flannel already stays as it is. */
export function withFlannel(description: ClusterDescription): ClusterDescription {
  const nodes = description.objects.filter(({ kind }) => kind === 'Node')
  const hasFlannel = nodes.some(
    ({ metadata }) => metadata.annotations?.['flannel.alpha.coreos.com/public-ip'] !== undefined,
  )
  if (hasFlannel) return description
  const objects = description.objects.filter((object) => !isCalicos(object))
  const addresses = newAddresses(nodes, objects)
  const moved = objects.map((object) =>
    object.kind === 'Node' ? flannelNode(object) : replaceTexts(object, addresses),
  )
  return { ...description, objects: [...moved, ...flannelObjects(description.podCidr)] }
}

function isCalicos({ metadata, ...object }: RawObject): boolean {
  const about = textAt(objectAt(object, 'involvedObject'), 'name')
  return CALICO.test(metadata.name) || CALICO.test(about)
}

/** Old address of each pod -> new one, counted up on each node in the order of the old ones. */
function newAddresses(nodes: readonly RawObject[], objects: readonly RawObject[]): ReadonlyMap<string, string> {
  const addresses = new Map<string, string>()
  for (const node of nodes) {
    const block = readBlock(textAt(node, 'spec', 'podCIDR'))
    if (block === undefined) continue
    const old = objects
      .filter(
        (pod) => pod.kind === 'Pod' && !isHostNetwork(pod) && textAt(pod, 'spec', 'nodeName') === node.metadata.name,
      )
      .map((pod) => textAt(pod, 'status', 'podIP'))
      .filter((address) => address !== '')
      .sort((a, b) => addressNumber(a) - addressNumber(b))
    old.forEach((address, index) => addresses.set(address, addressText(addressNumber(block.first) + FIRST_POD + index)))
  }
  return addresses
}

function replaceTexts(object: RawObject, addresses: ReadonlyMap<string, string>): RawObject {
  const text = JSON.stringify(object, (_key, value: unknown) =>
    typeof value === 'string' ? (addresses.get(value) ?? value) : value,
  )
  return JSON.parse(text) as RawObject
}

function flannelNode(node: RawObject): RawObject {
  const { name, annotations = {} } = node.metadata
  const kept = Object.fromEntries(Object.entries(annotations).filter(([key]) => !key.startsWith('projectcalico.org/')))
  const status = objectAt(node, 'status')
  const text = JSON.stringify(status).replaceAll('CalicoIsUp', 'FlannelIsUp').replaceAll('Calico is', 'Flannel is')
  const address = (annotations['projectcalico.org/IPv4Address'] ?? '').split('/')[0] ?? ''
  return {
    ...node,
    metadata: {
      ...node.metadata,
      annotations: {
        ...kept,
        'flannel.alpha.coreos.com/backend-data': JSON.stringify({ VNI: 1, VtepMAC: vtepMac(name) }),
        'flannel.alpha.coreos.com/backend-type': 'vxlan',
        'flannel.alpha.coreos.com/kube-subnet-manager': 'true',
        'flannel.alpha.coreos.com/public-ip': address,
      },
    },
    status: JSON.parse(text) as unknown,
  }
}

function flannelObjects(podCidr: string): RawObject[] {
  const labels = { app: 'flannel', tier: 'node' }
  const network = { Network: podCidr, Backend: { Type: 'vxlan', Port: VXLAN_PORT } }
  const volume = { name: 'flannel-cfg', configMap: { name: 'kube-flannel-cfg' } }
  return [
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-flannel-cfg', namespace: 'kube-system', labels },
      data: { 'net-conf.json': `${JSON.stringify(network, null, 2)}\n` },
    },
    {
      apiVersion: 'apps/v1',
      kind: 'DaemonSet',
      metadata: { name: 'kube-flannel-ds', namespace: 'kube-system', labels, generation: 1 },
      spec: {
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [
              {
                name: 'kube-flannel',
                image: 'quay.io/coreos/flannel:v0.12.0-amd64',
                command: ['/opt/bin/flanneld'],
                args: ['--ip-masq', '--kube-subnet-mgr'],
                volumeMounts: [{ name: volume.name, mountPath: '/etc/kube-flannel/' }],
              },
            ],
            hostNetwork: true,
            dnsPolicy: 'ClusterFirst',
            priorityClassName: 'system-node-critical',
            restartPolicy: 'Always',
            tolerations: [{ operator: 'Exists', effect: 'NoSchedule' }],
            volumes: [volume],
          },
        },
        updateStrategy: { type: 'RollingUpdate' },
      },
    },
  ]
}
