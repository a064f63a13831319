// HTTP pages of pods through the API server's proxy. It dials the pod itself: what it gets proves nothing about nodes.
import { KubeApiError, podProxyPath } from '../../kube/api/index.ts'
import type { KubeClient, PodName } from '../../kube/api/index.ts'
import type { HttpRequest, HttpResult } from '../vantage.ts'

const MAX_BODY_OCTETS = 16 * 1024 * 1024
/** What the API server says of its own when it does not reach the pod. */
const UNREACHED = /error trying to reach service|no route to host|dial tcp|proxy error/i

/** Gets a page. Never rejects. */
export async function getThroughProxy(
  client: KubeClient,
  pod: PodName,
  { server, path, timeoutMs }: HttpRequest,
): Promise<HttpResult> {
  const startedAt = performance.now()
  const afterMs = (): number => performance.now() - startedAt
  const signal = AbortSignal.timeout(timeoutMs)
  try {
    const page = podProxyPath({ ...pod, port: server.port }, path)
    const body = await client.getText(page, { timeoutMs, signal, mostOctets: MAX_BODY_OCTETS })
    return { kind: 'response', status: 200, body, rttMs: afterMs() }
  } catch (error) {
    if (!(error instanceof KubeApiError) || signal.aborted) {
      return { kind: 'failed', why: 'timeout', detail: `no complete response in ${timeoutMs} ms`, afterMs: afterMs() }
    }
    return readFailure(error, afterMs())
  }
}

function readFailure(error: KubeApiError, afterMs: number): HttpResult {
  const { code, message, status, reason } = error
  if (code === 'timeout') return { kind: 'failed', why: 'timeout', detail: message, afterMs }
  if (status === 403 && reason === 'Forbidden') return { kind: 'skipped', why: message, needs: 'get pods/proxy' }
  if (status >= 500 && UNREACHED.test(message)) {
    const why = /refused/i.test(message) ? 'refused' : /timeout|timed out/i.test(message) ? 'timeout' : 'unreachable'
    return { kind: 'failed', why, detail: message, afterMs }
  }
  // A status without a reason of the API's own comes from the pod.
  if (status > 0 && reason === '') return { kind: 'response', status, body: message, rttMs: afterMs }
  return { kind: 'skipped', why: message }
}
