// The names that a lookup tries, one after the other, when the search list is used.
import { labelsOf, parseName } from '../../dns/index.ts'
import { ndotsOf } from '../../route/index.ts'
import type { ResolvConf } from '../../route/index.ts'
import type { Settings } from './settings.ts'

/**
 * Lists the names to try: the next one only after an rcode other than NOERROR.
 *
 * A name that ends with a dot, and any name without `+search` or `+domain`, stands alone.
 *
 * @throws {TextError} for a name that is none
 */
export function namesToTry(settings: Settings, conf: ResolvConf): readonly string[] {
  const { name, domain, search } = settings
  const absolute = parseName(name)
  const searches = domain === undefined ? (search ? conf.searches : []) : [domain]
  if (searches.length === 0 || /(?<!\\)\.$/.test(name)) return [absolute]
  const completed = searches.map((suffix) => parseName(name, parseName(suffix)))
  const dots = labelsOf(absolute).length - 1
  const ndots = settings.ndots ?? ndotsOf(conf)
  return dots >= ndots ? [absolute, ...completed] : [...completed, absolute]
}
