import { readMeta } from './meta.ts'
import type { Json } from './json.ts'
import type { Namespace } from './types.ts'

/** Reads a v1 Namespace. */
export function readNamespace(json: Json): Namespace {
  return { kind: 'Namespace', meta: readMeta(json) }
}
