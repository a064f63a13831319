import { CONFIG_MAP_TYPE } from '../../cluster/resource-types.ts'
import { corefileOf, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ANSWERED, CONSOLE, NAME, NXDOMAIN, dig, kubectl } from '../look.ts'
import { restartCoreDns } from '../support/restarts.ts'

const NEW_NAME = 'portal.corp.example'

export const corefileNotReloaded: Fault = {
  name: 'corefile-not-reloaded',
  summary: `the Corefile has no reload, and ${NEW_NAME} was added to it after the pods started: no replica knows it`,
  shownBy: ['--name', NEW_NAME],
  looks: [
    dig(CONSOLE, `@{coredns@node3} ${NEW_NAME}`, { broken: NXDOMAIN }),
    kubectl('-n kube-system get configmap coredns -o yaml', {
      broken: /192\.0\.2\.77 portal/,
      whole: /^(?![^]*portal)[^]*reload/,
    }),
    dig(CONSOLE, `@{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const { store } = stage
    // The last line before loop and reload, so that both edits can be told from each other.
    const withoutReload = replaceText(corefileOf('coredns'), { from: '    reload\n', to: '    # reload was here\n' })
    const edited = replaceText(corefileOf('coredns'), {
      from: '    cache 30\n',
      to: `    cache 30\n    hosts {\n        192.0.2.77 ${NEW_NAME}\n        fallthrough\n    }\n`,
    })
    withoutReload.make(stage)
    await restartCoreDns(stage)
    edited.make(stage)
    // As the API server writes it down who edits what, and when.
    const map = store.get(CONFIG_MAP_TYPE, 'kube-system', 'coredns')
    const before = map?.metadata['managedFields']
    const entry = { manager: 'kubectl-edit', operation: 'Update', apiVersion: 'v1', time: store.timestamp() }
    if (map !== undefined)
      store.update(CONFIG_MAP_TYPE, { ...map, metadata: { ...map.metadata, managedFields: [entry] } })
    return async () => {
      edited.undo(stage)
      withoutReload.undo(stage)
      const now = store.get(CONFIG_MAP_TYPE, 'kube-system', 'coredns')
      if (now !== undefined) {
        const { managedFields: _managedFields, ...metadata } = now.metadata
        store.update(CONFIG_MAP_TYPE, {
          ...now,
          metadata: before === undefined ? metadata : { ...metadata, managedFields: before },
        })
      }
      await restartCoreDns(stage)
    }
  },
  isThere: (stage) => corefileOf('coredns').read(stage)?.includes(NEW_NAME) === true,
}
