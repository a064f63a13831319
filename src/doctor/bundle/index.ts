export { BundleError, packBundle, unpackBundle } from './bundle.ts'
export type { Bundle, BundleOptions } from './bundle.ts'
