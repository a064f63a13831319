// The `autopath` plugin.
import { UsageError } from '../../base/index.ts'
import type { Plugin } from '../../server/index.ts'
import { clusterApiOf, type ClusterApi } from '../cluster-api.ts'
import { createHandler } from './handler.ts'
import { parseAutopath, type AutopathOptions } from './setup.ts'

export const autopathPlugin: Plugin<AutopathOptions> = {
  name: 'autopath',
  parse: parseAutopath,
  create(options, env) {
    const { search } = options
    let api: ClusterApi | undefined
    const successes = env.metrics.counter({
      name: 'coredns_autopath_success_total',
      help: 'Counter of requests that did autopath.',
      labels: ['server'],
    })
    return {
      handler: createHandler(options, {
        searchPathOf: (request) => ('plugin' in search ? api?.searchPathOf(request) : search),
        successes,
      }),
      async start() {
        if (!('plugin' in search)) return
        api = search.plugin === 'kubernetes' ? clusterApiOf(env.siblings()) : undefined
        // A plugin that is not in the block leaves autopath without work, as in CoreDNS; one that cannot help is a mistake.
        if (api === undefined && env.siblings().has(search.plugin)) {
          throw new UsageError(
            'bad-configuration',
            `plugin/autopath: ${search.plugin} does not implement the AutoPather interface`,
          )
        }
      },
    }
  },
}
