import { isSubdomain } from '../../dns/name.ts'
import type { DomainName } from '../../dns/message.ts'

/** The longest of the zones that a name is in, both in lower case; undefined when there is none. */
export function closestZone(name: DomainName, zones: readonly DomainName[]): DomainName | undefined {
  let closest: DomainName | undefined
  for (const zone of zones) {
    if ((closest === undefined || zone.length > closest.length) && isSubdomain(name, zone)) closest = zone
  }
  return closest
}
