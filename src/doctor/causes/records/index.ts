import type { Cause } from '../cause.ts'
import { aaaaNxdomainNotNodata } from './aaaa-nxdomain-not-nodata.ts'
import { externalNameIsIp } from './external-name-is-ip.ts'
import { externalNameLoop } from './external-name-loop.ts'
import { headlessServiceNoEndpoints } from './headless-service-no-endpoints.ts'
import { ipFamilyMissing } from './ip-family-missing.ts'
import { multiplePtrRecords } from './multiple-ptr-records.ts'
import { namespaceNotServed } from './namespace-not-served.ts'
import { podHostnameUnset } from './pod-hostname-unset.ts'
import { podNameIsNotAService } from './pod-name-is-not-a-service.ts'
import { podRecordsDisabled } from './pod-records-disabled.ts'
import { srvPortNameMismatch } from './srv-port-name-mismatch.ts'
import { statefulsetServiceNameWrong } from './statefulset-service-name-wrong.ts'

/** In the order of the catalogue. */
export const RECORDS_CAUSES: readonly Cause[] = [
  headlessServiceNoEndpoints,
  statefulsetServiceNameWrong,
  podNameIsNotAService,
  podHostnameUnset,
  srvPortNameMismatch,
  externalNameLoop,
  externalNameIsIp,
  podRecordsDisabled,
  multiplePtrRecords,
  aaaaNxdomainNotNodata,
  namespaceNotServed,
  ipFamilyMissing,
]
