// Records and names.

export const RECORDS_CODES = [
  'headless-service-no-endpoints',
  'statefulset-service-name-wrong',
  'pod-name-is-not-a-service',
] as const
