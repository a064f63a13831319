export { BundleError, packBundle, unpackBundle } from './bundle.ts'
export { pseudonymize } from './pseudonyms/index.ts'
export type { Bundle, BundleOptions } from './bundle.ts'
