// The doctor's own look at the wire, in a real namespace: no file, no tcpdump, the patterns only.
import { spawnSync } from 'node:child_process'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { startCapture } from '../../src/vantage/namespace/start-capture.ts'
import { WHY_NO_NETNS, createNetns } from '../support/netns.ts'
import type { Netns } from '../support/netns.ts'

const hasDig = spawnSync('dig', ['-v'], { stdio: 'ignore' }).error === undefined
const WHY_NOT = WHY_NO_NETNS ?? (hasDig ? undefined : 'the program "dig" is needed')

let pod: Netns

beforeAll(() => {
  if (WHY_NOT === undefined) pod = createNetns('wire')
})
afterAll(() => (WHY_NOT === undefined ? pod.remove() : undefined))

describe.skipIf(WHY_NOT !== undefined)(`startCapture${WHY_NOT === undefined ? '' : ` (${WHY_NOT})`}`, () => {
  it('names what was on the wire between start and stop, once for each subject', async () => {
    const running = startCapture(`/run/netns/${pod.name}`)
    if ('kind' in running) throw new Error(running.why)
    for (const way of ['+notcp', '+tcp']) {
      spawnSync('ip', ['netns', 'exec', pod.name, 'dig', '@127.0.0.1', 'a.example', '+time=1', '+tries=1', way])
    }
    const { frames, dropped, patterns } = await running.stop()
    expect(frames).toBeGreaterThan(2)
    expect(dropped).toBe(0)
    expect(patterns.filter(({ kind }) => kind === 'fault').map(({ code }) => code)).toContain('server-not-listening')
    expect(new Set(patterns.map(({ code, subject }) => `${code} ${subject}`)).size).toBe(patterns.length)
  })

  it('is skipped for a namespace that is gone', () => {
    expect(startCapture('/run/netns/fathom-no-such-namespace')).toMatchObject({ kind: 'skipped' })
  })
})
