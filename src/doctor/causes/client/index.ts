import type { Cause } from '../cause.ts'
import { aaaaQueryUnanswered } from './aaaa-query-unanswered.ts'
import { applicationCachesAddress } from './application-caches-address.ts'
import { busyboxNslookupMisleads } from './busybox-nslookup-misleads.ts'
import { clientUdpPortsExhausted } from './client-udp-ports-exhausted.ts'
import { muslNoTcpFallback } from './musl-no-tcp-fallback.ts'
import { muslParallelQueries } from './musl-parallel-queries.ts'
import { nodejsThreadpoolExhausted } from './nodejs-threadpool-exhausted.ts'
import { windowsDottedShortName } from './windows-dotted-short-name.ts'

/** In the order of the catalogue. */
export const CLIENT_CAUSES: readonly Cause[] = [
  muslNoTcpFallback,
  muslParallelQueries,
  busyboxNslookupMisleads,
  clientUdpPortsExhausted,
  applicationCachesAddress,
  nodejsThreadpoolExhausted,
  windowsDottedShortName,
  aaaaQueryUnanswered,
]
