import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, startPlugin } from '../../../test/support/plugin-rig.ts'
import { respond, type Request } from '../../server/index.ts'
import { nsidPlugin } from './index.ts'

function query(codes: readonly number[]): Request {
  const request = createRequest('www.example.org A +edns', { clock: createFakeClock() })
  const options = codes.map((code) => ({ code, octets: new Uint8Array() }))
  const { edns } = request.message
  return { ...request, message: { ...request.message, edns: edns && { ...edns, options } } }
}

/** Options of the response, `CODE=TEXT`. */
async function optionsFor(directive: string, codes: readonly number[]): Promise<string[] | undefined> {
  const rig = startPlugin(nsidPlugin, directive, { environment: { HOSTNAME: 'coredns-1' } })
  const given = [
    { code: 15, octets: Uint8Array.of(0, 3) },
    { code: 3, octets: Uint8Array.of(1) },
  ]
  const outcome = await rig.instance.handler?.(query(codes), (request) =>
    respond(request, { by: 'next', options: given }),
  )
  if (outcome?.kind !== 'answer') throw new Error('no answer')
  return outcome.message.edns?.options.map(({ code, octets }) => `${code}=${Buffer.from(octets).toString('latin1')}`)
}

describe('nsid', () => {
  it('puts its text into the option of a response to a query with NSID, in place of another’s', async () => {
    expect(await optionsFor('nsid node 7', [3])).toEqual(['15=\0\u0003', '3=node 7'])
  })

  it('gives the host name by default', async () => {
    expect((await optionsFor('nsid', [3]))?.at(-1)).toBe('3=coredns-1')
  })

  it('does nothing for queries without the option', async () => {
    expect(await optionsFor('nsid x', [10])).toEqual(['15=\0\u0003', '3=\u0001'])
  })

  it('makes an OPT record where the answer has none', async () => {
    const rig = startPlugin(nsidPlugin, 'nsid x')
    const outcome = await rig.instance.handler?.(query([3]), (request) => respond(request, { by: 'next' }))
    expect(outcome).toMatchObject({ message: { edns: { version: 0, options: [{ code: 3 }] } } })
  })

  it('may stand in a block once, without options', () => {
    expect(() => startPlugin(nsidPlugin, 'nsid a\nnsid b')).toThrow(
      'this plugin can only be used once per Server Block',
    )
    expect(() => startPlugin(nsidPlugin, 'nsid {\na\n}')).toThrow("Unexpected token '{'")
  })
})
