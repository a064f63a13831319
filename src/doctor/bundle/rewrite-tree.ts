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
type Fields = Readonly<Record<string, unknown>>

const HOLDS_ADDRESS = /\d+\.\d+\.\d+\.\d+|[0-9a-f]:.*:/

/**
 * Rewrites every text below a value but those of fixed words. What holds no text that changes comes back as it is: of a
 * large cluster most objects are no copies then.
 *
 * @param rewrite gets the field that a text stands in as well: `text` for files, those in a ConfigMap's `data` included
 */
export function rewriteTree<T>(root: T, rewrite: (text: string, field: string) => string): T {
  const done = new Map<object, unknown>()
  const fields = new Map<string, boolean>()
  const holdsAddress = (field: string): boolean => {
    const before = fields.get(field) ?? HOLDS_ADDRESS.test(field)
    fields.set(field, before)
    return before
  }
  const visit = (value: unknown, key: string): unknown => {
    if (typeof value === 'string') return FIXED.has(key) ? value : rewrite(value, key)
    if (typeof value !== 'object' || value === null || key === 'sysctls') return value
    const before = done.get(value)
    if (before !== undefined) return before
    const rewritten = Array.isArray(value) ? visitItems(value, key) : visitFields(value as Fields, key)
    done.set(value, rewritten)
    return rewritten
  }
  const visitItems = (items: readonly unknown[], key: string): readonly unknown[] => {
    const rewritten = items.map((item) => visit(item, key))
    return rewritten.every((item, index) => Object.is(item, items[index])) ? items : rewritten
  }
  const visitFields = (value: Fields, key: string): Fields => {
    const isNaming = NAMING_MAPS.has(key)
    const isSample = 'labels' in value && 'value' in value
    const isPhrase = 'values' in value && !('operator' in value)
    const isFixedIn = (own: string): boolean => (isSample && own === 'name') || (isPhrase && own === 'key')
    let isSame = true
    const entries: (readonly [string, unknown])[] = []
    for (const own of Object.keys(value)) {
      const item = value[own]
      const renamed = isNaming || key === 'data' || holdsAddress(own) ? rewrite(own, '') : own
      const written = isFixedIn(own) ? item : visit(item, isNaming ? '' : key === 'data' ? 'text' : own)
      isSame &&= renamed === own && Object.is(written, item)
      entries.push([renamed, written])
    }
    return isSame ? value : Object.fromEntries(entries)
  }
  return visit(root, '') as T
}
