export { SpreadListener } from './spread-listener.ts'
export { MAX_THREADS, countThreads, parseThreadCount } from './thread-count.ts'
export type { ThreadCount, ThreadOptions } from './thread-count.ts'
export { ThreadPool } from './thread-pool.ts'
