// metadata, which every object has, and the label-selector form that several kinds embed.
import type { LabelSelector, ObjectMeta } from './types.ts'
import { optionalUniqueText, uniqueText, child, children, optional, text, textMap, texts, type Json } from './json.ts'

/** A copy of the whole object in one string; larger than all that we read of it. */
const LAST_APPLIED = 'kubectl.kubernetes.io/last-applied-configuration'

/** Reads `metadata`; missing fields are empty. */
export function readMeta(json: Json): ObjectMeta {
  const meta = child(json, 'metadata')
  const owners = children(meta, 'ownerReferences')
  const owner = owners.find((reference) => reference['controller'] === true) ?? owners[0]
  return {
    namespace: text(meta, 'namespace'),
    name: uniqueText(meta, 'name'),
    labels: textMap(meta, 'labels'),
    annotations: withoutLastApplied(textMap(meta, 'annotations')),
    ...optional('uid', optionalUniqueText(meta, 'uid')),
    ...optional('creationTimestamp', optionalUniqueText(meta, 'creationTimestamp')),
    ...optional('deletionTimestamp', optionalUniqueText(meta, 'deletionTimestamp')),
    ...optional('owner', owner && { kind: text(owner, 'kind'), name: text(owner, 'name') }),
    ...optional('lastChange', lastChange(meta)),
  }
}

/** Reads a `metav1.LabelSelector`; absent or empty selects everything. */
export function readLabelSelector(json: Json): LabelSelector {
  return {
    matchLabels: textMap(json, 'matchLabels'),
    matchExpressions: children(json, 'matchExpressions').map((expression) => ({
      key: text(expression, 'key'),
      operator: text(expression, 'operator'),
      values: texts(expression, 'values'),
    })),
  }
}

function withoutLastApplied(annotations: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  if (!(LAST_APPLIED in annotations)) return annotations
  const { [LAST_APPLIED]: _, ...rest } = annotations
  return rest
}

function lastChange(meta: Json): string | undefined {
  let latest: string | undefined
  for (const entry of children(meta, 'managedFields')) {
    const time = optionalUniqueText(entry, 'time')
    if (time !== undefined && (latest === undefined || time > latest)) latest = time
  }
  return latest
}
