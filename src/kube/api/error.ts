// What can go wrong between this program and the API server, as sentences a person can act on.
import { BaseError } from '../../base/index.ts'

export type KubeApiErrorCode =
  /** 404: the path, or the API group's version, does not exist. */
  | 'absent'
  /** The credential could not be had: exec plugin, token file, certificate. */
  | 'credential'
  /** 410: the resourceVersion or continue token is too old. */
  | 'expired'
  /** 403. */
  | 'forbidden'
  /** The answer is not what the Kubernetes API gives: HTML of a login page, cut off, too large. */
  | 'not-kubernetes'
  /** Any other status of 400 and above. */
  | 'refused'
  /** No answer within the deadline. */
  | 'timeout'
  /** Certificate not trusted, wrong name, expired, or no TLS at all. */
  | 'tls'
  /** 401. */
  | 'unauthorized'
  /** No connection: refused, no route, unknown host name, proxy. */
  | 'unreachable'

/** A request to the API server that gave nothing usable. */
export class KubeApiError extends BaseError<KubeApiErrorCode> {
  /** HTTP status; 0 when there was no HTTP answer. */
  readonly status: number
  /** With the query, as sent. */
  readonly path: string
  /** `reason` of the API's Status object (`Forbidden`, `Expired`), or the system's error code (`ECONNREFUSED`). */
  readonly reason: string
  /** From `Retry-After`, in milliseconds. */
  readonly retryAfterMs: number | undefined

  constructor(
    code: KubeApiErrorCode,
    message: string,
    at: { status?: number; path: string; reason: string; retryAfterMs?: number | undefined; cause?: unknown },
  ) {
    super(code, message, at.cause === undefined ? undefined : { cause: at.cause })
    this.status = at.status ?? 0
    this.path = at.path
    this.reason = at.reason
    this.retryAfterMs = at.retryAfterMs
  }
}
