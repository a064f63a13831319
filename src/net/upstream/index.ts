export * from './client.ts'
export { connectUpstream } from './connect.ts'
export { UpstreamError, formatEndpoint } from './upstream-error.ts'
export type { UpstreamErrorCode } from './upstream-error.ts'
