// What is remarked about a hop or a plugin, as a key with values: the English words stand here, other languages keep tables of their own.

/** English templates by key; `{name}` stands for a value. */
export const REMARKS = {
  'any-hinfo': 'ANY questions get a HINFO',
  'answers-all': 'answers everything, for tests',
  'cache-elsewhere': 'a node cache listens on this address but none runs on {node}',
  'cache-everywhere': 'a node cache listens on this address on each node',
  circular: 'forwarding goes round in circles',
  'cluster-objects': "the cluster's objects, zone {zone}",
  'cluster-objects-falling': "the cluster's objects, zone {zone}, falling through when it has no such name",
  'corefile-unseen': 'its Corefile was not seen',
  forwards: 'forwards {from} to {to}',
  'forwards-all': 'forwards everything to {to}',
  'hosts-file': 'the file {file} of its container',
  'hosts-line': 'a line of its own: {addresses}',
  'hosts-none': 'has no such name and no fallthrough: SERVFAIL',
  'local-names': 'local names',
  'no-block': 'no server block for {name}: REFUSED',
  'no-replica': 'no ready replica was seen behind it',
  'not-listening': 'none of its server blocks listens on {address}: nobody answers',
  'placeholder-unknown': 'what {to} holds is not known',
  renames: '{from} to {to}',
  'resolv-conf-unseen': 'its {file} was not seen, so its upstreams are unknown',
  'runs-out': 'no plugin of the block answers for certain: SERVFAIL when none does',
  'running-only': 'from data that only the running server has',
  template: 'matches {pattern}: {result}',
  'template-every': 'matches every name: {result}',
  'template-none': 'does not match and has no fallthrough: SERVFAIL',
  'view-decides': 'a question for which the expression of view {views} holds is taken by that block instead',
  'view-only': 'only taken while the expression of view {views} holds: REFUSED otherwise',
  whoami: 'answers everything with the address of who asks',
} as const

/** What a remark is about. */
export type RemarkKey = keyof typeof REMARKS

/** One remark, to be said in any language. */
export interface Remark {
  readonly key: RemarkKey
  readonly values: Readonly<Record<string, string>>
}

/** Makes a remark. */
export function remark(key: RemarkKey, values: Readonly<Record<string, string>> = {}): Remark {
  return { key, values }
}

/** Says a remark in English. */
export function sayRemark({ key, values }: Remark): string {
  return REMARKS[key].replaceAll(/\{(\w+)\}/g, (placeholder, name: string) => values[name] ?? placeholder)
}
