// From the name that a program asks for to the names that its stub resolver asks for, in order (glibc's res_search).
import { MAX_NAME_OCTETS, labelsOf, lowerName, parseName, type DomainName } from '../dns/index.ts'
import { ndotsOf, type ResolvConf } from './resolv-conf.ts'

/** One name that is asked for. */
export interface Candidate {
  readonly name: DomainName
  /** The search domain that was appended, as written; absent for the name as it is. */
  readonly suffix?: string
}

/**
 * Gives the names that are asked for, one after the other, until one has records.
 *
 * A name with a final dot is asked as it is. One with at least `ndots` dots is asked as it is first and then with the
 * search list, any other the other way round. Candidates over 255 octets are left out.
 *
 * @throws {TextError} the name cannot be a domain name
 */
export function expandSearchList(name: string, conf: ResolvConf): Candidate[] {
  const absolute = parseName(name)
  if (isAbsolute(name)) return [{ name: absolute }]
  const dots = labelsOf(absolute).length - 1
  const searched = conf.searches.flatMap((suffix): Candidate[] => {
    const zone = suffix === '.' ? '.' : `${suffix}.`
    const candidate = zone === '.' ? absolute : absolute + zone
    // The wire form has one octet more than the text with its final dot.
    return candidate.length >= MAX_NAME_OCTETS ? [] : [{ name: candidate, suffix }]
  })
  const asIs = { name: absolute }
  const ordered = dots >= ndotsOf(conf) ? [asIs, ...searched] : [...searched, asIs]
  const seen = new Set<DomainName>()
  return ordered.filter((candidate) => {
    const key = lowerName(candidate.name)
    return !seen.has(key) && seen.add(key)
  })
}

/** Whether a name in presentation format ends with a dot that is not escaped. */
export function isAbsolute(name: string): boolean {
  return /(^|[^\\])(\\\\)*\.$/.test(name)
}
