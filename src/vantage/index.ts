export { vantageHere } from './here.ts'
export * from './vantage.ts'
