// Messages made from what matters: a query for one question, and the response to a query.
import type { Edns, Message, Question, RRClass, RRType, Rcode, ResourceRecord } from './message.ts'
import { parseName } from './text/name.ts'

export interface QueryFields {
  /** Any form that `parseName` reads; relative names end at the root. */
  readonly name: string
  /** Default `'A'`. */
  readonly type?: RRType | undefined
  /** Default `'IN'`. */
  readonly class?: RRClass | undefined
  /** Default 0; an exchange draws a random one. */
  readonly id?: number | undefined
  /** Default true. */
  readonly rd?: boolean | undefined
  /** Default false. */
  readonly ad?: boolean | undefined
  /** Default false. */
  readonly cd?: boolean | undefined
  /** Default: no OPT record. */
  readonly edns?: Partial<Edns> | undefined
}

/** Makes a query for one question. @throws {TextError} for a name that is none */
export function query(fields: QueryFields): Message {
  const { name, type = 'A', class: rrclass = 'IN', id = 0, rd = true, ad = false, cd = false, edns } = fields
  return {
    id,
    opcode: 'QUERY',
    flags: { qr: false, aa: false, tc: false, rd, ra: false, z: false, ad, cd },
    rcode: 'NOERROR',
    question: [{ name: parseName(name), type, class: rrclass }],
    answer: [],
    authority: [],
    additional: [],
    edns: edns && { udpPayloadSize: 1232, version: 0, dnssecOk: false, z: 0, options: [], ...edns },
  }
}

export interface ResponseFields {
  /** Default `'NOERROR'`. */
  readonly rcode?: Rcode | undefined
  /** Default false. */
  readonly aa?: boolean | undefined
  /** Default false. */
  readonly ra?: boolean | undefined
  /** Default false. */
  readonly ad?: boolean | undefined
  /** Default false. */
  readonly tc?: boolean | undefined
  /** Default: the query's. */
  readonly question?: readonly Question[] | undefined
  readonly answer?: readonly ResourceRecord[] | undefined
  readonly authority?: readonly ResourceRecord[] | undefined
  readonly additional?: readonly ResourceRecord[] | undefined
  /** Default: none. */
  readonly edns?: Edns | undefined
}

/** Makes the response to a query: its id, opcode, question, RD and CD come from there. */
export function response(to: Message, fields: ResponseFields = {}): Message {
  const { rcode = 'NOERROR', aa = false, ra = false, ad = false, tc = false } = fields
  const { question = to.question, answer = [], authority = [], additional = [], edns } = fields
  const flags = { qr: true, aa, tc, rd: to.flags.rd, ra, z: false, ad, cd: to.flags.cd }
  return { id: to.id, opcode: to.opcode, flags, rcode, question, answer, authority, additional, edns }
}
