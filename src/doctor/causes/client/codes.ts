// Causes in the client: DNS answers as it should, and the program or its C library makes something else of it.

export const CLIENT_CODES = [
  'musl-no-tcp-fallback',
  'musl-parallel-queries',
  'busybox-nslookup-misleads',
  'client-udp-ports-exhausted',
  'application-caches-address',
  'nodejs-threadpool-exhausted',
  'windows-dotted-short-name',
  'aaaa-query-unanswered',
] as const
