import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { rr } from '../../../test/support/records.ts'
import { anyPlugin } from './index.ts'

describe('any', () => {
  it('answers ANY with one HINFO record, in the case that was asked', async () => {
    const outcome = await startPlugin(anyPlugin, 'any').ask('www.Example.org ANY')
    expect(outcome).toMatchObject({
      kind: 'answer',
      message: {
        rcode: 'NOERROR',
        flags: { aa: false },
        answer: [rr('www.Example.org. 8482 IN HINFO "ANY obsoleted" "See RFC 8482"')],
      },
    })
  })

  it('passes every other type on', async () => {
    expect(await startPlugin(anyPlugin, 'any').ask('www.example.org A')).toMatchObject({ kind: 'status', by: '' })
  })

  it('takes neither arguments nor options', () => {
    expect(() => startPlugin(anyPlugin, 'any example.org')).toThrow('Wrong argument count')
    expect(() => startPlugin(anyPlugin, 'any {\nx\n}')).toThrow("unknown property 'x'")
  })
})
