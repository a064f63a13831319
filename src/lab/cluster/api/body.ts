// Reads a request's body with a limit.
import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import { ApiError } from './api-error.ts'
import { decodeKubernetesProtobuf } from './protobuf/decode.ts'

/** The API server's own limit for one object, in octets. */
const LIMIT = 3 * 1024 * 1024

/** The parsed body, JSON or YAML; undefined when there is none. @throws {ApiError} `BadRequest`, `RequestEntityTooLarge`, `UnsupportedMediaType` */
export async function readRequestBody(request: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = []
  let size = 0
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length
    if (size > LIMIT) throw new ApiError('RequestEntityTooLarge', `Request entity too large: limit is ${LIMIT}`)
    chunks.push(chunk)
  }
  if (size === 0) return undefined
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? ''
  const octets = Buffer.concat(chunks)
  if (type === 'application/vnd.kubernetes.protobuf') return decodeKubernetesProtobuf(octets)
  const text = octets.toString('utf8')
  try {
    return type.endsWith('yaml') ? (parse(text) as unknown) : (JSON.parse(text) as unknown)
  } catch (error) {
    throw new ApiError('BadRequest', `cannot read the body: ${error instanceof Error ? error.message : String(error)}`)
  }
}
