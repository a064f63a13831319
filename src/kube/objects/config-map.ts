import { textMap, type Json } from './json.ts'
import { readMeta } from './meta.ts'
import type { ConfigMap } from './types.ts'

/** Reads a v1 ConfigMap; `binaryData` is left out. */
export function readConfigMap(json: Json): ConfigMap {
  return { kind: 'ConfigMap', meta: readMeta(json), data: textMap(json, 'data') }
}
