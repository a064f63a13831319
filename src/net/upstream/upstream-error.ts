// Why an upstream gave no response, in the words that operators search for: Go's, as CoreDNS logs them.
import { BaseError } from '../../base/index.ts'
import type { Endpoint } from '../exchange-result.ts'

export type UpstreamErrorCode =
  | 'closed'
  | 'http'
  | 'malformed'
  | 'refused'
  | 'shut-down'
  | 'timeout'
  | 'tls'
  | 'too-large'
  | 'unreachable'

/**
 * An upstream gave no usable response: `read udp 10.0.0.1:40312->8.8.8.8:53: i/o timeout`.
 *
 * Has no stack: a dead upstream makes thousands of these in a second, and where in this program says nothing about it.
 */
export class UpstreamError extends BaseError<UpstreamErrorCode> {
  constructor(code: UpstreamErrorCode, message: string, options?: ErrorOptions) {
    const limit = Error.stackTraceLimit
    Error.stackTraceLimit = 0
    super(code, message, options)
    Error.stackTraceLimit = limit
  }
}

/** Where in an exchange something failed. */
export interface FailurePlace {
  readonly during: 'dial' | 'read' | 'write'
  readonly network: 'tcp' | 'udp'
  /** Absent before there is a socket. */
  readonly local?: Endpoint | undefined
  readonly to: Endpoint
}

/** No response in time. */
export function timeoutError(place: FailurePlace): UpstreamError {
  return new UpstreamError('timeout', `${describePlace(place)}: i/o timeout`)
}

/** We ended the connection ourselves. */
export function shutDownError(): UpstreamError {
  return new UpstreamError('shut-down', 'upstream connection is closed')
}

/** The upstream closed the connection before it answered. */
export function closedError(place: FailurePlace): UpstreamError {
  return new UpstreamError('closed', `${describePlace(place)}: EOF`)
}

/** A message that cannot be decoded, where it cannot be passed over: on a stream. */
export function malformedError(place: FailurePlace, cause: unknown): UpstreamError {
  const why = cause instanceof Error ? cause.message : String(cause)
  return new UpstreamError('malformed', `${describePlace(place)}: malformed response: ${why}`, { cause })
}

/** Puts an error of Node's sockets into words. */
export function socketError(place: FailurePlace, cause: unknown): UpstreamError {
  const code = errorCode(cause)
  const known = code === undefined ? undefined : KNOWN[code]
  if (known !== undefined) {
    const call = place.during === 'dial' ? 'connect: ' : `${place.during}: `
    return new UpstreamError(known[0], `${describePlace(place)}: ${call}${known[1]}`, { cause })
  }
  const why = cause instanceof Error ? cause.message : String(cause)
  const isTls =
    code !== undefined && (/^(?:ERR_SSL|ERR_TLS|CERT_|DEPTH_|SELF_SIGNED|UNABLE_TO)/.test(code) || code === 'EPROTO')
  return new UpstreamError(isTls ? 'tls' : 'closed', `${isTls ? 'tls: ' : `${describePlace(place)}: `}${why}`, {
    cause,
  })
}

const KNOWN: Readonly<Record<string, readonly [UpstreamErrorCode, string]>> = {
  EACCES: ['unreachable', 'permission denied'],
  EADDRNOTAVAIL: ['unreachable', 'cannot assign requested address'],
  EAFNOSUPPORT: ['unreachable', 'address family not supported by protocol'],
  ECONNABORTED: ['closed', 'software caused connection abort'],
  ECONNREFUSED: ['refused', 'connection refused'],
  ECONNRESET: ['closed', 'connection reset by peer'],
  EHOSTDOWN: ['unreachable', 'host is down'],
  EHOSTUNREACH: ['unreachable', 'no route to host'],
  EINVAL: ['unreachable', 'invalid argument'],
  EMFILE: ['unreachable', 'too many open files'],
  EMSGSIZE: ['too-large', 'message too long'],
  ENETDOWN: ['unreachable', 'network is down'],
  ENETUNREACH: ['unreachable', 'network is unreachable'],
  ENFILE: ['unreachable', 'too many open files in system'],
  ENOBUFS: ['unreachable', 'no buffer space available'],
  EPERM: ['unreachable', 'operation not permitted'],
  EPIPE: ['closed', 'broken pipe'],
  ETIMEDOUT: ['timeout', 'connection timed out'],
}

function describePlace({ during, network, local, to }: FailurePlace): string {
  const target = formatEndpoint(to)
  return `${during} ${network} ${during === 'dial' || local === undefined ? target : `${formatEndpoint(local)}->${target}`}`
}

/** `192.0.2.1:53`, `[2001:db8::1]:53`. */
export function formatEndpoint({ address, port }: Endpoint): string {
  return address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`
}

/** Node's code of a system error, `ECONNREFUSED`. */
export function errorCode(error: unknown): string | undefined {
  if (typeof error !== 'object' || error === null || !('code' in error)) return undefined
  return typeof error.code === 'string' ? error.code : undefined
}
