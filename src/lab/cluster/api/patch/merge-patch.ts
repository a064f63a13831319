// JSON Merge Patch (RFC 7396) on plain values; the input is never changed.
import { isJsonObject } from '../../../../kube/objects/index.ts'

/** Applies a merge patch: null removes, objects merge, everything else replaces. */
export function applyMergePatch(target: unknown, patch: unknown): unknown {
  if (!isJsonObject(patch)) return patch
  const base = isJsonObject(target) ? target : {}
  const result: Record<string, unknown> = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) delete result[key]
    else result[key] = applyMergePatch(base[key], value)
  }
  return result
}
