// Serves /ready: 200 once every plugin of every block that has `ready` says so.
import type { PluginEnv, PluginInstance } from '../../server/index.ts'
import { httpEndpoint } from '../http-endpoint.ts'
import type { ReadyOptions } from './setup.ts'

/** A plugin that is asked. */
interface Asked {
  readonly name: string
  readonly isReady: () => boolean
  readonly monitor: ReadyOptions['monitor']
  /** It was ready once and is not asked again. */
  done: boolean
}

/** Makes the plugin's instance; blocks of one configuration with the same address share the endpoint. */
export function createReady({ address, monitor }: ReadyOptions, env: PluginEnv): PluginInstance {
  const endpoint = httpEndpoint(env, address)
  // One list per configuration: its source is the same object in all its blocks.
  const lists = env.shared<WeakMap<object, Asked[]>>(`ready:${address}`, () => new WeakMap())
  const asked = lists.get(env.source) ?? []
  lists.set(env.source, asked)
  let unmount: () => void = () => {}

  return {
    async start() {
      for (const [name, { isReady }] of env.siblings()) {
        if (isReady !== undefined) asked.push({ name, isReady, monitor, done: false })
      }
      unmount = endpoint.mount('/ready', () => {
        if (env.isShuttingDown()) return { status: 503, body: 'Shutting down' }
        const waiting = unready(asked)
        if (waiting === '') return { status: 200, body: 'OK' }
        env.log.info(`Plugins not ready: "${waiting}"`)
        return { status: 503, body: waiting }
      })
      await endpoint.open()
    },
    async close() {
      unmount()
    },
  }
}

/** Names of the plugins that are not ready, each once, in alphabetical order. */
function unready(asked: readonly Asked[]): string {
  const names = new Set<string>()
  for (const plugin of asked) {
    if (plugin.done) continue
    if (!plugin.isReady()) names.add(plugin.name)
    else if (plugin.monitor === 'until-ready') plugin.done = true
  }
  return [...names].sort().join(',')
}
