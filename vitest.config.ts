import { availableParallelism } from 'node:os'

import { defineConfig } from 'vitest/config'

// oxlint-disable-next-line import/no-default-export -- vitest reads its configuration from the default export
export default defineConfig({
  test: {
    include: ['src/**/*.test.ts', 'test/**/*.test.ts'],
    testTimeout: 90_000,
    hookTimeout: 180_000,
    pool: 'forks',
    // Many tests wait for real time-outs of real sockets: as many files as there are cores keep the cores busy.
    maxWorkers: availableParallelism(),
    reporters: ['default'],
  },
})
