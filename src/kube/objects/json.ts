// Lenient access to parsed JSON of unknown shape: a wrong type reads as absent, never as an error.
// Everything read here is copied, so that nothing keeps the parsed tree alive.
import { intern } from './intern.ts'

export type Json = Readonly<Record<string, unknown>>

const EMPTY: Json = Object.freeze({})

/** Whether a value is a JSON object (not an array, not null). */
export function isJsonObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** The object under a key, or an empty one. */
export function child(json: Json, key: string): Json {
  const value = json[key]
  return isJsonObject(value) ? value : EMPTY
}

/** The objects of the array under a key; other elements are left out. */
export function children(json: Json, key: string): Json[] {
  const value = json[key]
  return Array.isArray(value) ? value.filter(isJsonObject) : []
}

/** The interned string under a key, or `''`. */
export function text(json: Json, key: string): string {
  const value = json[key]
  return typeof value === 'string' ? intern(value) : ''
}

/** The interned string under a key; absent when missing, empty or of another type. */
export function optionalText(json: Json, key: string): string | undefined {
  const value = text(json, key)
  return value === '' ? undefined : value
}

/** The string under a key, or `''`; for what hardly repeats (names, addresses, times) and would only fill the pool. */
export function uniqueText(json: Json, key: string): string {
  const value = json[key]
  return typeof value === 'string' ? value : ''
}

/** Like {@link uniqueText}; absent when missing, empty or of another type. */
export function optionalUniqueText(json: Json, key: string): string | undefined {
  const value = uniqueText(json, key)
  return value === '' ? undefined : value
}

/** The strings of the array under a key, as they are; other elements are left out. */
export function uniqueTexts(json: Json, key: string): string[] {
  const value = json[key]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string') : []
}

/** The interned strings of the array under a key; other elements are left out. */
export function texts(json: Json, key: string): string[] {
  const value = json[key]
  return Array.isArray(value) ? value.filter((item) => typeof item === 'string').map(intern) : []
}

/** The finite number under a key, or the fallback. */
export function number(json: Json, key: string, fallback = 0): number {
  const value = json[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : fallback
}

/** The finite number under a key; absent otherwise. */
export function optionalNumber(json: Json, key: string): number | undefined {
  const value = json[key]
  return typeof value === 'number' && Number.isFinite(value) ? value : undefined
}

/** The boolean under a key, or the fallback. */
export function flag(json: Json, key: string, fallback = false): boolean {
  const value = json[key]
  return typeof value === 'boolean' ? value : fallback
}

/** An `IntOrString` (port number or name); absent otherwise. */
export function intOrText(json: Json, key: string): number | string | undefined {
  return optionalNumber(json, key) ?? optionalText(json, key)
}

const NO_TEXTS: Readonly<Record<string, string>> = Object.freeze({})

/** The string-to-string map under a key; numbers and booleans, which YAML dumps contain, are read as text. */
export function textMap(json: Json, key: string): Readonly<Record<string, string>> {
  const entries: [string, string][] = []
  for (const [name, value] of Object.entries(child(json, key))) {
    if (typeof value === 'string') entries.push([intern(name), intern(value)])
    else if (typeof value === 'number' || typeof value === 'boolean') entries.push([intern(name), String(value)])
  }
  return entries.length === 0 ? NO_TEXTS : Object.fromEntries(entries)
}

/** Puts an optional field into an object literal only when it is there. */
export function optional<Key extends string, Value>(
  key: Key,
  value: Value | undefined,
): { readonly [K in Key]?: Value } {
  return (value === undefined ? {} : { [key]: value }) as { readonly [K in Key]?: Value }
}
