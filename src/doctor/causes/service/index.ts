import type { Cause } from '../cause.ts'
import { dnsServiceNoEndpoints } from './dns-service-no-endpoints.ts'
import { dnsServiceSelectorMismatch } from './dns-service-selector-mismatch.ts'
import { serviceIpUnreachable } from './service-ip-unreachable.ts'

/** In the order of the catalogue. */
export const SERVICE_CAUSES: readonly Cause[] = [
  dnsServiceNoEndpoints,
  dnsServiceSelectorMismatch,
  serviceIpUnreachable,
]
