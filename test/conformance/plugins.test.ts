// The plugin cases: plugins, changing clusters, HTTP endpoints, reload, against the built server.
import { describe, expect, it } from 'vitest'
import { runSuite, whyNoConformance } from '../support/conformance.ts'

const TIMEOUT_MS = 300_000
const whyNot = whyNoConformance()

describe('fathom serve, plugin cases', () => {
  it.skipIf(whyNot !== undefined)(
    `passes all of them${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`,
    async () => {
      const { passed, failures } = await runSuite('plugins', TIMEOUT_MS)
      expect(failures).toEqual([])
      expect(passed).toBeGreaterThan(80)
    },
    TIMEOUT_MS + 10_000,
  )
})
