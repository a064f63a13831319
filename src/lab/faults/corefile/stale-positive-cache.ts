import { teachReplicas } from '../support/ask.ts'
import { addObject, corefileOf, replaceText, setField } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { CONSOLE, dig, kubectl, madeObject } from '../look.ts'
import { headlessService, writtenEndpoints } from '../support/made-objects.ts'
import { restartCoreDns } from '../support/restarts.ts'

const NAME = 'moved.default.svc.cluster.local'
/** Of a block for documentation (RFC 5737). */
const OLD = '198.51.100.40'
const NOW = '198.51.100.41'
const REF = { namespace: 'default', name: 'moved' } as const

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
    const made = [headlessService(REF.name), ...writtenEndpoints(REF.name, [OLD])].map(addObject)
    longer.make(stage)
    for (const edit of made) edit.make(stage)
    await restartCoreDns(stage)
    await teachReplicas(stage, `${NAME}.`)
    const endpoints = { apiVersion: 'v1', kind: 'Endpoints', ...REF }
    setField(endpoints, ['subsets', 0, 'addresses', 0, 'ip'], NOW).make(stage)
    const slice = { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', ...REF }
    setField(slice, ['endpoints', 0, 'addresses'], [NOW]).make(stage)
    return async () => {
      for (const edit of made.toReversed()) edit.undo(stage)
      longer.undo(stage)
      await restartCoreDns(stage)
    }
  },
  isThere: (stage) => corefileOf('coredns').read(stage)?.includes('success 9984 3600 3600') === true,
}
