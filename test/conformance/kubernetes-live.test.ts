// The Kubernetes cases: queries against a server that watches a cluster API.
import { describe, expect, it } from 'vitest'
import { runSuite, whyNoConformance } from '../support/conformance.ts'

const TIMEOUT_MS = 300_000
const whyNot = whyNoConformance()

describe('fathom serve, Kubernetes cases', () => {
  it.skipIf(whyNot !== undefined)(
    `passes all of them${whyNot === undefined ? '' : ` (skipped: ${whyNot})`}`,
    async () => {
      const { passed, failures } = await runSuite('kubernetes', TIMEOUT_MS)
      expect(failures).toEqual([])
      expect(passed).toBeGreaterThan(200)
    },
    TIMEOUT_MS + 10_000,
  )
})
