// Reads Kubernetes' protobuf bodies: today's kubectl sends some requests in no other form (`auth can-i`, `create namespace`).
import type { Json } from '../../../../kube/objects/index.ts'
import { ApiError } from '../api-error.ts'
import { KINDS } from './messages.ts'
import type { FieldType, MessageType } from './messages.ts'

/** What a protobuf body starts with: `k8s` and a zero. */
const MAGIC = Buffer.from([0x6b, 0x38, 0x73, 0x00])

/** Decodes a body of `application/vnd.kubernetes.protobuf`. @throws {ApiError} `BadRequest`, `UnsupportedMediaType` */
export function decodeKubernetesProtobuf(body: Buffer): Json {
  if (!body.subarray(0, MAGIC.length).equals(MAGIC)) throw malformed('it does not start with "k8s"')
  // runtime.Unknown: typeMeta, then the object itself as octets.
  const [typeMeta, raw] = fieldsOf(body.subarray(MAGIC.length), [1, 2])
  const [apiVersion, kind] = fieldsOf(typeMeta ?? Buffer.alloc(0), [1, 2]).map(
    (octets) => octets?.toString('utf8') ?? '',
  )
  const message = KINDS[kind ?? '']
  if (message === undefined) throw unsupported(`${apiVersion} ${kind}`)
  return { apiVersion, kind, ...decodeMessage(raw ?? Buffer.alloc(0), message, kind ?? '') }
}

function fieldsOf(octets: Buffer, numbers: readonly number[]): (Buffer | undefined)[] {
  const found = new Map<number, Buffer>()
  for (const field of readFields(octets)) if (Buffer.isBuffer(field.value)) found.set(field.number, field.value)
  return numbers.map((number) => found.get(number))
}

function decodeMessage(octets: Buffer, message: MessageType, path: string): Json {
  const result: Record<string, unknown> = {}
  for (const { number, value } of readFields(octets)) {
    const known = message[number]
    // A field that is dropped would change what was asked for.
    if (known === undefined) throw unsupported(`field ${number} of ${path}`)
    const [name, type] = known
    if (type === 'skip') continue
    if (typeof type === 'object' && 'repeated' in type) {
      const list = result[name]
      const items: unknown[] = Array.isArray(list) ? list : []
      result[name] = [...items, decodeValue(value, type.repeated, `${path}.${name}`)]
    } else if (type === 'map' || type === 'octets-map') {
      const [key, item] = decodeEntry(value, type)
      result[name] = { ...(result[name] as object | undefined), [key]: item }
    } else {
      const decoded = decodeValue(value, type, `${path}.${name}`)
      // Clients write every text, empty or not; JSON leaves empty ones out.
      if (decoded !== '') result[name] = decoded
    }
  }
  return result
}

function decodeValue(value: Buffer | bigint, type: FieldType, path: string): unknown {
  if (type === 'int') return Number(BigInt.asIntN(64, asNumber(value)))
  if (type === 'bool') return asNumber(value) !== 0n
  const octets = asOctets(value, path)
  if (type === 'string') return octets.toString('utf8')
  if (type === 'int-or-string') {
    const [kind, number, text] = intOrString(octets)
    return kind === 0 ? number : text
  }
  if (typeof type === 'object' && 'message' in type) return decodeMessage(octets, type.message, path)
  throw malformed(`${path} has an unexpected form`)
}

function intOrString(octets: Buffer): [number, number, string] {
  let kind = 0
  let number = 0
  let text = ''
  for (const field of readFields(octets)) {
    if (field.number === 1) kind = Number(asNumber(field.value))
    else if (field.number === 2) number = Number(BigInt.asIntN(64, asNumber(field.value)))
    else text = asOctets(field.value, 'IntOrString').toString('utf8')
  }
  return [kind, number, text]
}

function decodeEntry(value: Buffer | bigint, type: 'map' | 'octets-map'): [string, string] {
  const [key, item] = fieldsOf(asOctets(value, 'map'), [1, 2])
  return [key?.toString('utf8') ?? '', item?.toString(type === 'map' ? 'utf8' : 'base64') ?? '']
}

// --- The wire: varint tags of (field number, wire type), then a varint or octets with their length ---

interface Field {
  readonly number: number
  readonly value: Buffer | bigint
}

function* readFields(octets: Buffer): Generator<Field> {
  let offset = 0
  const varint = (): bigint => {
    let value = 0n
    for (let shift = 0n; shift < 70n; shift += 7n) {
      const octet = octets[offset]
      if (octet === undefined) throw malformed('it is cut off')
      offset += 1
      value |= BigInt(octet & 0x7f) << shift
      if (octet < 0x80) return value
    }
    throw malformed('a number is longer than 64 bits')
  }
  while (offset < octets.length) {
    const tag = Number(varint())
    const number = tag >>> 3
    if ((tag & 7) === 0) yield { number, value: varint() }
    else if ((tag & 7) === 2) {
      const length = Number(varint())
      if (offset + length > octets.length) throw malformed('it is cut off')
      yield { number, value: octets.subarray(offset, offset + length) }
      offset += length
    } else throw malformed(`wire type ${tag & 7} is not used by Kubernetes`)
  }
}

function asNumber(value: Buffer | bigint): bigint {
  if (typeof value === 'bigint') return value
  throw malformed('octets stand where a number is expected')
}

function asOctets(value: Buffer | bigint, path: string): Buffer {
  if (typeof value !== 'bigint') return value
  throw malformed(`a number stands where octets are expected (${path})`)
}

function malformed(why: string): ApiError {
  return new ApiError('BadRequest', `cannot read the protobuf body: ${why}`)
}

function unsupported(what: string): ApiError {
  return new ApiError(
    'UnsupportedMediaType',
    `the lab does not read ${what} as protobuf; send it as JSON ("kubectl apply -f FILE" does)`,
  )
}
