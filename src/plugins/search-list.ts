// The search list of a resolv.conf, for autopath.
import { lowerName, parseName, type DomainName } from '../dns/index.ts'

/** Reads the last `search` or `domain` line; names that are none are left out. */
export function readSearchList(resolvConf: string): DomainName[] {
  let names: readonly string[] = []
  for (const line of resolvConf.split('\n')) {
    const [keyword, ...words] = line.trim().split(/\s+/)
    if (keyword === 'search') names = words
    else if (keyword === 'domain') names = words.slice(0, 1)
  }
  return names.flatMap((name) => {
    try {
      return [lowerName(parseName(name))]
    } catch {
      return []
    }
  })
}
