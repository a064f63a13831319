// The `k8s_external` plugin.
import { UsageError } from '../../base/index.ts'
import type { Plugin } from '../../server/index.ts'
import { clusterApiOf, type ClusterApi } from '../cluster-api.ts'
import { createHandler } from './handler.ts'
import { parseExternal, type ExternalDirective } from './setup.ts'

export const k8sExternalPlugin: Plugin<ExternalDirective> = {
  name: 'k8s_external',
  parse: parseExternal,
  create(options, env) {
    let api: ClusterApi | undefined
    return {
      handler: createHandler(options, () => api, env),
      async start() {
        api = clusterApiOf(env.siblings())
        if (api === undefined)
          throw new UsageError('bad-configuration', 'plugin/k8s_external: kubernetes plugin not loaded')
      },
    }
  },
}
