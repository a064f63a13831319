import type { Cause } from '../cause.ts'
import { corednsMetricsUnavailable } from './coredns-metrics-unavailable.ts'
import { digIgnoresSearchList } from './dig-ignores-search-list.ts'
import { forwardMetricsRenamed } from './forward-metrics-renamed.ts'

/** In the order of the catalogue. */
export const FALSE_ALARM_CAUSES: readonly Cause[] = [
  forwardMetricsRenamed,
  corednsMetricsUnavailable,
  digIgnoresSearchList,
]
