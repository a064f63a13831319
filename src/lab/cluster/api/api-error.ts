// What the API server says when it cannot do what was asked: a metav1.Status, thrown as an error.
import { BaseError } from '../../../base/index.ts'
import type { Json } from '../../../kube/objects/index.ts'

/** `reason` of a metav1.Status. */
export type StatusReason =
  | 'AlreadyExists'
  | 'BadRequest'
  | 'Conflict'
  | 'Expired'
  | 'Forbidden'
  | 'InternalError'
  | 'Invalid'
  | 'MethodNotAllowed'
  | 'NotAcceptable'
  | 'NotFound'
  | 'RequestEntityTooLarge'
  | 'ServiceUnavailable'
  | 'Unauthorized'
  | 'UnsupportedMediaType'

const HTTP_STATUS: Readonly<Record<StatusReason, number>> = {
  AlreadyExists: 409,
  BadRequest: 400,
  Conflict: 409,
  Expired: 410,
  Forbidden: 403,
  InternalError: 500,
  Invalid: 422,
  MethodNotAllowed: 405,
  NotAcceptable: 406,
  NotFound: 404,
  RequestEntityTooLarge: 413,
  ServiceUnavailable: 503,
  Unauthorized: 401,
  UnsupportedMediaType: 415,
}

export interface StatusDetails {
  readonly name?: string
  readonly group?: string
  readonly kind?: string
  readonly causes?: readonly Json[]
}

/** A request that is refused; `reason` decides the HTTP status. */
export class ApiError extends BaseError<StatusReason> {
  readonly details: StatusDetails | undefined

  constructor(reason: StatusReason, message: string, details?: StatusDetails) {
    super(reason, message)
    this.details = details
  }

  /** The HTTP status that goes with the reason. */
  get status(): number {
    return HTTP_STATUS[this.code]
  }
}

/** The metav1.Status object that tells a client about an error. */
export function statusObject(error: ApiError): Json {
  return {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Failure',
    message: error.message,
    reason: error.code,
    ...(error.details === undefined ? {} : { details: error.details }),
    code: error.status,
  }
}

/** `pods "x" not found`, as every client expects it. */
export function notFound(type: { readonly group: string; readonly plural: string }, name: string): ApiError {
  const qualified = type.group === '' ? type.plural : `${type.plural}.${type.group}`
  return new ApiError('NotFound', `${qualified} "${name}" not found`, { name, group: type.group, kind: type.plural })
}
