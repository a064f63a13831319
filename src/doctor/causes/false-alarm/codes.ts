// False alarms and blindness: what looks like a fault of DNS and is none.

export const FALSE_ALARM_CODES = [
  'forward-metrics-renamed',
  'coredns-metrics-unavailable',
  'dig-ignores-search-list',
] as const
