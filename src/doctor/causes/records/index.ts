import type { Cause } from '../cause.ts'
import { headlessServiceNoEndpoints } from './headless-service-no-endpoints.ts'
import { podNameIsNotAService } from './pod-name-is-not-a-service.ts'
import { statefulsetServiceNameWrong } from './statefulset-service-name-wrong.ts'

/** In the order of the catalogue. */
export const RECORDS_CAUSES: readonly Cause[] = [
  headlessServiceNoEndpoints,
  statefulsetServiceNameWrong,
  podNameIsNotAService,
]
