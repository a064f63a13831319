import { describe, expect, it } from 'vitest'
import { startRig } from '../../test/support/server-rig.ts'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import { rr } from '../../test/support/records.ts'
import { PLUGINS } from '../plugins/index.ts'
import { fail, respond } from '../server/index.ts'
import type { PluginRegistry } from '../server/index.ts'
import { withServeStale } from './serve-stale.ts'

let upstreamWorks = true
const WITH_SOURCE: PluginRegistry = {
  ...PLUGINS,
  whoami: async () => ({
    name: 'whoami',
    parse: () => undefined,
    create: () => ({
      handler: (request) =>
        upstreamWorks
          ? respond(request, { by: 'whoami', answer: [rr('a.example.org. 10 IN A 192.0.2.1')] })
          : fail('whoami', 'SERVFAIL', new Error('silent')),
    }),
  }),
}

describe('withServeStale()', () => {
  it.each([
    { corefile: '. {\n cache 30\n whoami\n}', how: 'a plain cache' },
    { corefile: '. {\n cache 30 {\n serve_stale 1h verify\n }\n whoami\n}', how: 'one with its own rule' },
  ])('serves an expired answer of $how when the upstream fails', async ({ corefile }) => {
    upstreamWorks = true
    const clock = createFakeClock()
    const { server, ask } = await startRig(corefile, { plugins: withServeStale(WITH_SOURCE, 3_600_000), clock })
    try {
      expect((await ask({ name: 'a.example.org' })).answer).toHaveLength(1)
      upstreamWorks = false
      await clock.advance(60_000)
      expect((await ask({ name: 'a.example.org' })).answer).toHaveLength(1)
      await clock.advance(3_600_000)
      expect((await ask({ name: 'a.example.org' })).rcode).toBe('SERVFAIL')
    } finally {
      await server.stop({ atOnce: true })
    }
  })
})
