import type { Fault } from '../fault.ts'
import { objectsAt } from '../../cluster/raw-object.ts'
import { addObject, corefileOf, editFault, replaceText, setField } from '../support/edit-fault.ts'
import { allNodeCaches, changeArgs } from '../support/node-cache-args.ts'
import { restartNodeCaches } from '../support/restarts.ts'
import { ANSWERED, NODE_CACHE, NXDOMAIN, dig, kubectl } from '../look.ts'

const FILE = '/etc/coredns/Corefile'
const VOLUME = { name: 'kube-dns-config', configMap: { name: 'kube-dns', optional: true } }

export const nodeCacheUpstreamsOverridden: Fault = editFault({
  name: 'node-cache-upstreams-overridden',
  summary: `the ConfigMap kube-dns names upstreamNameservers: the node caches ask these for external names, whatever resolv.conf says`,
  shownBy: ['--from', 'node/node4', '--name', 'git.corp.example'],
  looks: [
    dig('node/node4', `@${NODE_CACHE} git.corp.example`, { broken: NXDOMAIN, whole: ANSWERED }),
    kubectl('-n kube-system get configmap kube-dns', { broken: /^kube-dns /m, whole: /NotFound/ }),
  ],
  edits: (stage) => [
    addObject({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'kube-dns', namespace: 'kube-system' },
      data: { upstreamNameservers: '["119.29.29.29"]' },
    }),
    replaceText(corefileOf('nodelocaldns'), {
      from: 'forward . /etc/resolv.conf',
      to: 'forward . __PILLAR__UPSTREAM__SERVERS__',
    }),
    ...allNodeCaches(stage).flatMap((pod) => {
      const { namespace = '', name } = pod.metadata
      const ref = { apiVersion: 'v1', kind: 'Pod', namespace, name }
      const mounts = objectsAt(pod, 'spec', 'containers').flatMap((container) => objectsAt(container, 'volumeMounts'))
      const volumes = objectsAt(pod, 'spec', 'volumes')
      if (volumes.some((volume) => volume['name'] === VOLUME.name)) return []
      return [
        // What is mounted is the template now, as in the manifest of the project itself.
        changeArgs(pod, (args) =>
          args.flatMap((arg) => (arg === FILE ? ['/run/Corefile', '-basecorefile', FILE] : [arg])),
        ),
        setField(ref, ['spec', 'volumes'], [...volumes, VOLUME]),
        setField(
          ref,
          ['spec', 'containers', 0, 'volumeMounts'],
          [...mounts, { name: VOLUME.name, mountPath: '/etc/kube-dns' }],
        ),
      ]
    }),
  ],
  after: restartNodeCaches,
})
