// How one RDATA type is put together: named fields in wire order, each of which knows its octets and its text.
import type { RData } from '../message.ts'
import type { Tokens } from '../text/tokens.ts'
import type { Reader } from '../wire/reader.ts'
import type { Writer } from '../wire/writer.ts'

/** How RDATA is to be written as text. */
export interface FormatOptions {
  /** Characters of hexadecimal or base64 text between spaces; default: no spaces. */
  readonly groupSize?: number | undefined
}

/** One field of RDATA. `Reader.end` is the end of the RDATA. */
export interface Field<Value> {
  decode(reader: Reader): Value
  encode(writer: Writer, value: Value): void
  /** @param name the field's name, for messages @throws {TextError} */
  parse(tokens: Tokens, name: string): Value
  format(value: Value, options: FormatOptions): string
}

/** One RDATA type in both directions. */
export interface RDataForm {
  decode(reader: Reader): RData
  encode(writer: Writer, rdata: RData): void
  parse(tokens: Tokens): RData
  format(rdata: RData, options: FormatOptions): string
}

type FieldsOf<Data extends RData> = { readonly [Name in Exclude<keyof Data, 'type'>]: Field<Data[Name]> }

/**
 * Builds an RDATA type from its fields, given in wire order, which is also the order of the text.
 *
 * @param type the mnemonic that goes into `rdata.type`
 */
export function rdataForm<Data extends Exclude<RData, { type: 'UNKNOWN' }>>(
  type: Data['type'],
  fields: FieldsOf<Data>,
): RDataForm {
  const entries: readonly (readonly [string, Field<unknown>])[] = Object.entries(fields)
  return {
    decode(reader) {
      const rdata: Record<string, unknown> = { type }
      for (const [name, field] of entries) rdata[name] = field.decode(reader)
      return rdata as unknown as RData
    },
    encode(writer, rdata) {
      const values = rdata as unknown as Readonly<Record<string, unknown>>
      for (const [name, field] of entries) field.encode(writer, values[name])
    },
    parse(tokens) {
      const rdata: Record<string, unknown> = { type }
      for (const [name, field] of entries) rdata[name] = field.parse(tokens, name)
      return rdata as unknown as RData
    },
    format(rdata, options) {
      const values = rdata as unknown as Readonly<Record<string, unknown>>
      return entries
        .map(([name, field]) => field.format(values[name], options))
        .filter((text) => text !== '')
        .join(' ')
    },
  }
}
