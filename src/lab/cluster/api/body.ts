// Reads a request's body with a limit.
import type { IncomingMessage } from 'node:http'
import { parse } from 'yaml'
import { ApiError } from './api-error.ts'

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
  const text = Buffer.concat(chunks).toString('utf8')
  if (text === '') return undefined
  const type = (request.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? ''
  if (type === 'application/vnd.kubernetes.protobuf') {
    throw new ApiError('UnsupportedMediaType', 'the lab takes JSON and YAML, not protobuf')
  }
  try {
    return type.endsWith('yaml') ? (parse(text) as unknown) : (JSON.parse(text) as unknown)
  } catch (error) {
    throw new ApiError('BadRequest', `cannot read the body: ${error instanceof Error ? error.message : String(error)}`)
  }
}
