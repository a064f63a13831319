import type { RawObject } from '../cluster/raw-object.ts'
import { askReplicas } from './ask.ts'
import { addObject, corefileOf, replaceText, setField } from './edit-fault.ts'
import type { Fault } from './fault.ts'
import { CONSOLE, dig, kubectl, madeObject } from './look.ts'
import { headlessService } from './made-objects.ts'
import { restartCoreDns } from './restarts.ts'

const NAME = 'moved.default.svc.cluster.local'
/** Of a block for documentation (RFC 5737). */
const OLD = '198.51.100.40'
const NOW = '198.51.100.41'
const SLICE = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', namespace: 'default', name: 'moved' } as const

// With the usual 30 s nobody would have the time to look at it: the cache keeps answers for an hour at least.
export const stalePositiveCache: Fault = {
  name: 'stale-positive-cache',
  summary: `the pod behind the headless Service moved went from ${OLD} to ${NOW}, and CoreDNS keeps answers for an hour: it gives the old address`,
  shownBy: ['--name', NAME],
  looks: [
    dig(CONSOLE, `@{coredns@node3} ${NAME}`, { broken: /IN\s+A\s+198\.51\.100\.40/ }),
    kubectl('get endpointslices moved', { broken: /198\.51\.100\.41/, whole: /NotFound/ }),
    madeObject('service', 'moved'),
  ],
  async inject(stage) {
    const longer = replaceText(corefileOf('coredns'), {
      from: '    cache 30\n',
      to: '    cache 30 {\n        success 9984 3600 3600\n    }\n',
    })
    const service = addObject(withoutSelector(headlessService('moved', {})))
    const slice = addObject({
      ...SLICE,
      metadata: { namespace: SLICE.namespace, name: SLICE.name, labels: { 'kubernetes.io/service-name': 'moved' } },
      addressType: 'IPv4',
      endpoints: [{ addresses: [OLD], conditions: { ready: true } }],
      ports: [{ name: 'peer', port: 7000, protocol: 'TCP' }],
    })
    longer.make(stage)
    service.make(stage)
    slice.make(stage)
    await restartCoreDns(stage)
    await askReplicas(stage, `${NAME}.`)
    setField(SLICE, ['endpoints', 0, 'addresses'], [NOW]).make(stage)
    return async () => {
      slice.undo(stage)
      service.undo(stage)
      longer.undo(stage)
      await restartCoreDns(stage)
    }
  },
  isThere: (stage) => corefileOf('coredns').read(stage)?.includes('success 9984 3600 3600') === true,
}

/** Its endpoints are written by hand: no controller touches them. */
function withoutSelector(service: RawObject): RawObject {
  const { selector: _selector, ...spec } = service['spec'] as Record<string, unknown>
  return { ...service, spec }
}
