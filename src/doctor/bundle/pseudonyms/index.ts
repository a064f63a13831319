// A bundle in which nobody is named: names and addresses are others, each always the same, and nothing tells which.
import { TOP_LEVEL_DOMAINS } from '../../facts/index.ts'
import type { ClusterFacts } from '../../facts/index.ts'
import type { Ladder } from '../../ladder/index.ts'
import type { BundleOptions } from '../bundle.ts'
import { createAddressMap } from './addresses.ts'
import { collectWords } from './collect-words.ts'
import { rewriteText } from './rewrite-text.ts'
import { rewriteTree } from '../rewrite-tree.ts'
import { createWordMap } from './words.ts'

export interface Collected {
  readonly facts: ClusterFacts
  readonly ladder: Ladder
  readonly options: BundleOptions
}

/**
 * Gives everything a pseudonym that names somebody: the same key gives the same ones.
 *
 * Names change word by word, so that a pod keeps the name of its StatefulSet; addresses keep their common prefixes. The
 * cluster domain and words that Kubernetes, DNS and the programs around them are made of stay.
 *
 * @param key at least 32 octets that nobody can guess; whoever has it can find out whether a name was in the bundle
 */
export function pseudonymize({ facts, ladder, options }: Collected, key: Uint8Array): Collected {
  const source = {
    ...facts.source,
    description: 'a cluster (names and addresses are pseudonyms)',
    context: '',
    server: '',
  }
  const anonymous = { facts: { ...facts, source }, ladder, options }
  const words = collectWords(anonymous)
  for (const word of facts.dns.clusterDomain.value.split('.')) words.delete(word)
  const pseudonyms = { address: createAddressMap(key), word: createWordMap(key, words, TOP_LEVEL_DOMAINS) }
  const known = new Map<string, string>()
  return rewriteTree(anonymous, (text, field) => {
    // What people write into files for each other is not read by any cause.
    const plain = field === 'text' ? text.replaceAll(COMMENT, '$1#') : text
    const before = known.get(plain) ?? rewriteText(plain, pseudonyms)
    known.set(plain, before)
    return before
  })
}

const COMMENT = /(^|\s)[#;].*$/gm
