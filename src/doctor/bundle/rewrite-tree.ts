// Plain data with other texts in it: what is one object in several places stays one.

/** Fields of fixed words: kinds, states, reasons, keys of wordings, versions, times. */
const FIXED: ReadonlySet<string> = new Set([
  'addressType',
  'backend',
  'basis',
  'besideType',
  'code',
  'collectedAt',
  'configurationHash',
  'containerId',
  'containerRuntimeVersion',
  'creationTimestamp',
  'deletionTimestamp',
  'dnsPolicy',
  'fathom',
  'gitVersion',
  'hook',
  'internalTrafficPolicy',
  'ipFamilies',
  'kernelVersion',
  'kind',
  'kubeletVersion',
  'lastChange',
  'lastSeen',
  'lastTerminationReason',
  'operatingSystem',
  'operationalState',
  'operator',
  'origin',
  'osImage',
  'phase',
  'policy',
  'policyTypes',
  'program',
  'protocol',
  'purpose',
  'rcode',
  'reason',
  'resources',
  'result',
  'scheme',
  'sign',
  'startTime',
  'state',
  'status',
  'sysctls',
  'transport',
  'type',
  'uid',
  'verbs',
  'version',
])
/** Maps whose keys are names, not fields. */
const NAMING_MAPS: ReadonlySet<string> = new Set(['labels', 'matchLabels', 'selector'])
const HOLDS_ADDRESS = /\d+\.\d+\.\d+\.\d+|[0-9a-f]:.*:/

/**
 * Rewrites every text below a value but those of fixed words.
 *
 * @param rewrite gets the field that a text stands in as well: `text` for files, those in a ConfigMap's `data` included
 */
export function rewriteTree<T>(root: T, rewrite: (text: string, field: string) => string): T {
  const done = new Map<object, unknown>()
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return FIXED.has(key) ? value : rewrite(value, key)
    if (typeof value !== 'object' || value === null || key === 'sysctls') return value
    const before = done.get(value)
    if (before !== undefined) return before
    if (Array.isArray(value)) {
      const items = (value as unknown[]).map((item) => visit(item, key))
      done.set(value, items)
      return items
    }
    const isNaming = NAMING_MAPS.has(key)
    const isSample = 'labels' in value && 'value' in value
    const isPhrase = 'values' in value && !('operator' in value)
    const isFixedIn = (own: string): boolean => (isSample && own === 'name') || (isPhrase && own === 'key')
    const entries = Object.entries(value).map(([own, item]): [string, unknown] => {
      const renamed = isNaming || key === 'data' || HOLDS_ADDRESS.test(own) ? rewrite(own, '') : own
      return [renamed, isFixedIn(own) ? item : visit(item, isNaming ? '' : key === 'data' ? 'text' : own)]
    })
    const rewritten: unknown = Object.fromEntries(entries)
    done.set(value, rewritten)
    return rewritten
  }
  return visit(root, '') as T
}
