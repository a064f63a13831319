// The Corefile: what it says, and whether it is what runs.

export const COREFILE_CODES = [
  'forwarding-loop',
  'corefile-invalid',
  'corefile-not-reloaded',
  'corefile-directive-removed',
] as const
