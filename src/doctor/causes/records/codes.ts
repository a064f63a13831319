// Records and names.

export const RECORDS_CODES = [
  'headless-service-no-endpoints',
  'statefulset-service-name-wrong',
  'pod-name-is-not-a-service',
  'pod-hostname-unset',
  'srv-port-name-mismatch',
  'external-name-loop',
  'external-name-is-ip',
  'pod-records-disabled',
  'multiple-ptr-records',
  'aaaa-nxdomain-not-nodata',
  'namespace-not-served',
  'ip-family-missing',
] as const
