// The logs of the cluster's DNS servers, as far as they may be read.
import type { MissingFact } from '../../doctor/facts/index.ts'
import type { LogRequest } from '../../doctor/index.ts'
import type { ReadLog } from '../../doctor/ladder/index.ts'
import { podLogPath } from '../../kube/api/index.ts'
import type { KubeClient } from '../../kube/api/index.ts'

const LOG_LINES = 5000
const MAX_LOG_OCTETS = 4 * 1024 * 1024
const TIMEOUT_MS = 3000

export interface LogReader {
  /** The end of a container's log; undefined where it cannot be read: causes that need it then say so. */
  readonly read: ReadLog
  /** What was wanted and is not permitted. */
  missing(): readonly MissingFact[]
}

/** Reads logs, in each namespace only if that is allowed: one question instead of a refusal for every log. */
export function createLogReader(client: KubeClient, mostCalls: number): LogReader {
  const allowed = new Map<string, Promise<boolean>>()
  const missing = new Map<string, MissingFact>()
  const mayRead = async (namespace: string): Promise<boolean> => {
    const question = { verb: 'get', resource: 'pods', subresource: 'log', namespace }
    // Where reviews cannot be had, the API server tells with the log itself.
    const asked = allowed.get(namespace) ?? client.canI(question).catch(() => true)
    allowed.set(namespace, asked)
    const isAllowed = await asked
    if (!isAllowed) {
      const what = `logs in ${namespace}`
      missing.set(what, { what, why: 'forbidden', needs: `get pods/log in ${namespace}` })
    }
    return isAllowed
  }
  return {
    async read({ namespace, pod, container, isPrevious }: LogRequest) {
      if (client.calls >= mostCalls || !(await mayRead(namespace)) || client.calls >= mostCalls) return undefined
      const query = {
        tailLines: LOG_LINES,
        limitBytes: MAX_LOG_OCTETS,
        ...(container === undefined ? {} : { container }),
        ...(isPrevious ? { previous: 'true' } : {}),
      }
      const path = podLogPath({ namespace, name: pod })
      return client.getText(path, { query, timeoutMs: TIMEOUT_MS }).catch(() => undefined)
    },
    missing: () => [...missing.values()],
  }
}
