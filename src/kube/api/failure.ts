// From what went wrong on the way to the API server, or what it answered, to one sentence: what, why, and what to do.
import type { ClusterAccess } from './access.ts'
import { KubeApiError, type KubeApiErrorCode } from './error.ts'

/** One request, for messages. */
export interface RequestAt {
  readonly method: string
  /** With the query. */
  readonly path: string
}

/** No HTTP answer came. */
export function connectionError(
  access: ClusterAccess,
  at: RequestAt,
  { error, timedOut }: { readonly error: unknown; readonly timedOut: boolean },
): KubeApiError {
  const code = errorCode(error)
  const kind: KubeApiErrorCode = timedOut ? 'timeout' : isTlsError(code) ? 'tls' : 'unreachable'
  const why = timedOut ? describe(error) : (TLS_REASONS[code] ?? NETWORK_REASONS[code] ?? describe(error))
  return new KubeApiError(kind, `Cannot reach the API server ${access.server}: ${why} (${access.origin})`, {
    path: at.path,
    reason: code,
  })
}

/** An answer came whose status is an error. */
export function answerError(
  access: ClusterAccess,
  at: RequestAt,
  response: { readonly status: number; readonly headers: { readonly 'retry-after'?: string | undefined } },
  text: string,
): KubeApiError {
  const status = parseStatus(text)
  const said = status?.message ?? text.trim().split('\n')[0]?.slice(0, 200) ?? ''
  const retryAfter = Number(response.headers['retry-after'])
  const what = describeRequest(at)
  const [code, message] = ((): [KubeApiErrorCode, string] => {
    switch (response.status) {
      case 401:
        return [
          'unauthorized',
          `Cannot ${what}: the API server ${access.server} does not accept the credential of ${access.origin}${said === '' || said === 'Unauthorized' ? '' : `: ${said}`}; log in again`,
        ]
      case 403:
        return ['forbidden', `Cannot ${what}: ${forbiddenText(said)}`]
      case 404:
        return ['absent', `Cannot ${what}: ${said || 'not found'}`]
      case 410:
        return ['expired', `Cannot ${what}: ${said || 'the resource version is too old'}`]
      default:
        return ['refused', `Cannot ${what}: the API server answers ${response.status}${said === '' ? '' : `: ${said}`}`]
    }
  })()
  return new KubeApiError(code, message, {
    status: response.status,
    path: at.path,
    reason: status?.reason ?? '',
    retryAfterMs: Number.isFinite(retryAfter) && retryAfter > 0 ? retryAfter * 1000 : undefined,
  })
}

/** The answer's body cannot be used; `text` is there when it was read to its end. */
export function bodyError(access: ClusterAccess, at: RequestAt, error: unknown, text?: string): KubeApiError {
  const why =
    text === undefined
      ? `the answer broke off: ${describe(error)}`
      : /^\s*</.test(text)
        ? `the server at ${access.server} answers with a web page, not with the Kubernetes API`
        : `the answer is no JSON (${text.length} characters)`
  return new KubeApiError('not-kubernetes', `Cannot ${describeRequest(at)}: ${why}`, {
    path: at.path,
    reason: errorCode(error),
  })
}

// --- What a request does, in the words of RBAC ---

const API_PATH =
  /^\/(?:api\/v1|apis\/([^/]+)\/[^/]+)(?:\/namespaces\/([^/]+)(?=\/))?\/([^/]+)(?:\/([^/]+)(?:\/([^/]+))?)?/

/** `list pods`, `list endpointslices.discovery.k8s.io in namespace x`, `get pods/proxy in namespace kube-system`. */
export function describeRequest({ method, path }: RequestAt): string {
  const [bare = ''] = path.split('?')
  const match = API_PATH.exec(bare)
  if (match === null) return `${method === 'GET' ? 'get' : method.toLowerCase()} ${bare}`
  const [, group, namespace, resource, name, subresource] = match
  const what =
    resource + (subresource === undefined ? '' : `/${subresource}`) + (group === undefined ? '' : `.${group}`)
  const watches = /[?&]watch=(1|true)/.test(path)
  const verbs: Readonly<Record<string, string>> = { POST: 'create', PUT: 'update', PATCH: 'patch', DELETE: 'delete' }
  const verb = verbs[method] ?? (watches ? 'watch' : name === undefined ? 'list' : 'get')
  return `${verb} ${what}${namespace === undefined ? '' : ` in namespace ${namespace}`}`
}

/** The API server says "forbidden" itself, as a rule. */
function forbiddenText(said: string): string {
  if (/forbidden/i.test(said)) return said
  return said === '' ? 'forbidden' : `forbidden: ${said}`
}

function parseStatus(text: string): { readonly message: string; readonly reason: string } | undefined {
  try {
    const status = JSON.parse(text) as Readonly<Record<string, unknown>> | null
    if (status?.['kind'] !== 'Status') return undefined
    const { message, reason } = status
    return {
      message: typeof message === 'string' ? message : '',
      reason: typeof reason === 'string' ? reason : '',
    }
  } catch {
    return undefined
  }
}

// --- Reasons ---

const NETWORK_REASONS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused, nothing listens there; is it running, and is this the right context?',
  ECONNRESET: 'the connection was closed before an answer came',
  EHOSTUNREACH: 'no route to the host',
  ENETUNREACH: 'no route to the network',
  ENOTFOUND: 'its host name cannot be resolved',
  EAI_AGAIN: 'its host name cannot be resolved just now',
  ETIMEDOUT: 'the connection timed out',
}

const UNTRUSTED = 'its certificate is signed by an authority that the kubeconfig does not name (certificate-authority)'
const TLS_REASONS: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: UNTRUSTED,
  SELF_SIGNED_CERT_IN_CHAIN: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT: UNTRUSTED,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: UNTRUSTED,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: UNTRUSTED,
  CERT_SIGNATURE_FAILURE: UNTRUSTED,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not valid yet; is the clock right?',
  EPROTO: 'it does not speak TLS; is the URL http:// in truth?',
  ERR_SSL_WRONG_VERSION_NUMBER: 'it does not speak TLS; is the URL http:// in truth?',
  ERR_SSL_PACKET_LENGTH_TOO_LONG: 'it does not speak TLS; is the URL http:// in truth?',
  HPE_INVALID_CONSTANT: 'it does not speak HTTP',
}

function isTlsError(code: string): boolean {
  return code in TLS_REASONS || code.startsWith('ERR_TLS_') || code.startsWith('ERR_SSL_')
}

function errorCode(error: unknown): string {
  const code = (error as { readonly code?: unknown } | null)?.code
  return typeof code === 'string' ? code : ''
}

function describe(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0].message
  return error.message
}
