// What the kernel does to answers: full buffers, filters and lost addresses, in a network namespace of their own. Each fault concerns its
// datagram; the rest of the batch goes on, and what was not sent is counted.
import { mkdtempSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { build } from 'esbuild'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { FaultReport } from '../../../test/support/datagram-faults.ts'
import { WHY_NO_IPTABLES, createNetns } from '../../../test/support/netns.ts'
import { whyNoBatches } from './datagram.ts'

const whyNot = WHY_NO_IPTABLES ?? whyNoBatches({})
let folder = ''

beforeAll(async () => {
  if (whyNot !== undefined) return
  // Dependencies are found from the checkout.
  folder = mkdtempSync(join(process.cwd(), 'node_modules', '.fathom-faults-'))
  await build({
    entryPoints: ['test/support/datagram-faults.ts'],
    outfile: join(folder, 'faults.js'),
    bundle: true,
    format: 'esm',
    platform: 'node',
    target: 'node20.19',
    packages: 'external',
  })
})

afterAll(() => {
  if (folder !== '') rmSync(folder, { recursive: true })
})

async function suffer(fault: string): Promise<FaultReport> {
  const netns = createNetns('faults')
  try {
    const { output, ended } = netns.start(process.execPath, [join(folder, 'faults.js'), fault])
    const code = await ended
    if (code !== 0) throw new Error(`the program ended with ${code}: ${output()}`)
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the program writes exactly this
    return JSON.parse(output()) as FaultReport
  } finally {
    await netns.remove()
  }
}

describe.skipIf(whyNot !== undefined)(`a UDP listener${whyNot === undefined ? '' : ` (${whyNot})`}`, () => {
  it.each(['unreachable', 'unreachable-dgram'])(
    'answers the others of a batch when two clients are %s',
    async (fault) => {
      const report = await suffer(fault)
      expect(report.received).toEqual({ '127.0.0.1': report.sent / 3 })
      expect(report.dropped).toEqual({ EPERM: report.sent / 3, ENETUNREACH: report.sent / 3 })
      expect(report.afterwards).toBe(10)
    },
  )

  it('waits with what fits and counts what does not when the socket is full in the middle of a batch', async () => {
    const report = await suffer('full')
    expect(report.asked).toBe(report.sent)
    const [received = 0, lost = 0] = [report.received['127.0.0.1'], report.dropped['EAGAIN']]
    expect(Object.keys(report.dropped)).toEqual(['EAGAIN'])
    expect(received + lost).toBe(report.sent)
    expect(received).toBeGreaterThan(64)
    expect(report.afterwards).toBe(10)
  })
})
