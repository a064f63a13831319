// No secret leaves in a bundle: what looks like one, wherever it stands, is replaced before anything is written.
import { KEPT_WORDS } from './pseudonyms/kept-words.ts'
import { rewriteTree } from './rewrite-tree.ts'

const REDACTED = 'REDACTED'

/**
 * Patterns whose named group `secret` is one: keys and tokens by their form, credentials in URLs and headers, values of
 * settings that are named after secrets, and the lines of Corefiles that hold credentials (tsig, route53, azure, etcd).
 */
const SECRETS: readonly RegExp[] = [
  /(?<secret>-----BEGIN [A-Z ]*PRIVATE KEY-----[\s\S]*?(?:-----END [A-Z ]*PRIVATE KEY-----|$))/g,
  /(?<secret>\beyJ[\w-]{10,}\.[\w-]{10,}\.[\w-]*)/g,
  /:\/\/(?<secret>[^\s/@"']+)@/g,
  /\b(?:Bearer|Basic) +(?<secret>[\w+/=.~-]{8,})/gi,
  /(?:password|passwd|secret|token|api[-_]?key|access[-_]?key|private[-_]?key|client-key-data|credentials?)\w*["']?\s*[:=]\s*["']?(?!\/|true\b|false\b|null\b)(?<secret>[^\s"',}]{3,})/gi,
  /^[ \t]*secret[ \t]+(?:\S+[ \t]+)?(?<secret>[^\s{}]+)[ \t]*$/gm,
  /^[ \t]*(?:aws_access_key|credentials)[ \t]+\S+[ \t]+(?<secret>[^\s{}]+)/gm,
  /^[ \t]*aws_access_key[ \t]+(?<secret>[^\s{}]+)/gm,
]
/** Cheap to look for, and in every text that one of the patterns matches. */
const HINT = /PRIVATE KEY|eyJ|:\/\/|bearer|basic|passw|secret|token|key|credential/i
const MIN_LENGTH = 3
/** Shorter ones may be part of other words. */
const LONG = 8

/**
 * Replaces secrets in every text below a value; one that was found anywhere is replaced everywhere, as a parsed Corefile
 * holds its words one by one. Gives the value itself where there are none.
 */
export function redactSecrets<T>(root: T): T {
  const found = new Set<string>()
  rewriteTree(root, (text) => {
    for (const secret of secretsIn(text)) found.add(secret)
    return text
  })
  if (found.size === 0) return root
  // Longest first: one may be part of another.
  const everywhere = [...found]
    .filter((secret) => secret.length >= LONG && !KEPT_WORDS.has(secret.toLowerCase()))
    .toSorted((a, b) => b.length - a.length)
  return rewriteTree(root, (text) => {
    if (found.has(text) && !KEPT_WORDS.has(text.toLowerCase())) return REDACTED
    const own = secretsIn(text).toSorted((a, b) => b.length - a.length)
    return [...own, ...everywhere].reduce(
      (redacted, secret) => (redacted.includes(secret) ? redacted.replaceAll(secret, REDACTED) : redacted),
      text,
    )
  })
}

function secretsIn(text: string): string[] {
  if (!HINT.test(text)) return []
  return SECRETS.flatMap((pattern) => [...text.matchAll(pattern)].map(({ groups }) => groups?.['secret'] ?? '')).filter(
    (secret) => secret.length >= MIN_LENGTH && secret !== REDACTED,
  )
}
