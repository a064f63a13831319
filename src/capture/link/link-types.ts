// Link types that are read (https://www.tcpdump.org/linktypes.html).

export const LINK_NULL = 0
export const LINK_ETHERNET = 1
/** Raw IP, as several systems number it. */
export const LINK_RAW: readonly number[] = [12, 14, 101]
export const LINK_LOOP = 108
export const LINK_SLL = 113
export const LINK_IPV4 = 228
export const LINK_IPV6 = 229
export const LINK_SLL2 = 276

/** Whether frames begin with their IP header. */
export function isRawIp(linkType: number): boolean {
  return LINK_RAW.includes(linkType) || linkType === LINK_IPV4 || linkType === LINK_IPV6
}

const NAMES: Readonly<Record<number, string>> = {
  [LINK_NULL]: 'NULL',
  [LINK_ETHERNET]: 'EN10MB',
  12: 'RAW',
  14: 'RAW',
  101: 'RAW',
  [LINK_LOOP]: 'LOOP',
  [LINK_SLL]: 'LINUX_SLL',
  [LINK_IPV4]: 'IPV4',
  [LINK_IPV6]: 'IPV6',
  [LINK_SLL2]: 'LINUX_SLL2',
}

/** The name tcpdump has for a link type; `LINKTYPE 147` for one that is not read. */
export function linkTypeName(linkType: number): string {
  return NAMES[linkType] ?? `LINKTYPE ${linkType}`
}
