// What programs read of the program's output: no escapes in a pipe, whatever a CI system sets.
import { describe, expect, it } from 'vitest'
import { WHY_NOT_BUILT, startProgram } from '../support/process-rig.ts'

describe.skipIf(WHY_NOT_BUILT !== undefined)('fathom, its output in a pipe', () => {
  it('writes no colors where CI and FORCE_COLOR are set', async () => {
    const options = {
      input: '.:53 {\n  forwrd . 192.0.2.1\n}\n',
      env: { CI: 'true', FORCE_COLOR: '1', TERM: 'xterm-256color' },
    }
    const rig = startProgram(['lint', '-'], options)
    expect(await rig.ended).toBe(1)
    expect(rig.stdout()).toContain("error: Unknown directive 'forwrd'")
  })
})
