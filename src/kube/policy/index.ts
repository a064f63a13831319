export { containsAddress } from './cidr.ts'
export { admits, policiesFor } from './evaluate.ts'
export type { Direction, Party, Traffic, Verdict } from './evaluate.ts'
