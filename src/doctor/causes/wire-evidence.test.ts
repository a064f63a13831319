import { describe, expect, it } from 'vitest'
import type { WireCapture } from '../ladder/index.ts'
import type { Judgement } from './judgement.ts'
import { line } from './judgement.ts'
import { withWireEvidence } from './wire-evidence.ts'

const EMPTY = { rungs: [], scrapes: [], logs: [], kernels: { read: [], unread: [] }, podFiles: [] }
const capture: WireCapture = {
  place: { kind: 'node', name: 'node1' },
  frames: 9,
  dropped: 0,
  tookMs: 2100,
  patterns: [
    { code: 'firewall-rejected', kind: 'fault', count: 2, subject: '10.0.0.1' },
    { code: 'duplicate-frames', kind: 'observation', count: 4, subject: 'the capture' },
  ],
}
const proven: Judgement = {
  status: 'proven',
  subject: { kind: 'node', name: 'node1' },
  objects: [],
  values: {},
  evidence: [line('observed', 'rule'), line('observed', 'nothing-forwarded')],
  fix: { key: 'host-firewall-or-forwarding', values: {}, command: 'true' },
  isFault: false,
  explains: [],
}

describe('withWireEvidence', () => {
  it('adds a pattern that points to the cause behind what proves it', () => {
    const [judgement] = withWireEvidence('host-firewall-or-forwarding', [proven], { ...EMPTY, captures: [capture] })
    expect(judgement).toMatchObject({
      evidence: [
        { key: 'rule' },
        { key: 'nothing-forwarded' },
        { key: 'on-the-wire', values: { place: 'node/node1', pattern: 'firewall-rejected', count: 2 } },
      ],
    })
  })

  it('leaves a cause alone that no pattern points to', () => {
    const captures = [capture]
    expect(withWireEvidence('dns-service-no-endpoints', [proven], { ...EMPTY, captures })).toEqual([proven])
    expect(withWireEvidence('upstream-dead', [proven], { ...EMPTY, captures })).toEqual([proven])
  })

  it('makes no finding of what was not found', () => {
    const excluded: Judgement = { status: 'excluded', by: line('observed', 'forwards') }
    expect(withWireEvidence('host-firewall-or-forwarding', [excluded], { ...EMPTY, captures: [capture] })).toEqual([
      excluded,
    ])
  })
})
