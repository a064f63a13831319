import { describe, expect, it } from 'vitest'
import { EDNS_OPTION, readExtendedError, writeExtendedError } from '../../dns/index.ts'
import { respond, type Next, type Outcome } from '../../server/index.ts'
import { rr } from '../../../test/support/records.ts'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { cachePlugin } from './index.ts'

const SOA = rr('example.org. 60 IN SOA ns. admin. 1 1 1 1 60')

/** Denies everything with these options. */
function denier(options: { readonly code: number; readonly octets: Uint8Array }[]): Next {
  return (request) => respond(request, { by: 'forward', rcode: 'NXDOMAIN', authority: [SOA], options, reason: 'why' })
}

function optionsOf(outcome: Outcome): readonly { readonly code: number; readonly octets: Uint8Array }[] {
  return outcome.kind === 'answer' ? (outcome.message.edns?.options ?? []) : []
}

describe('cache', () => {
  it('keeps extended errors, and no other EDNS option, with the response', async () => {
    const error = writeExtendedError({ infoCode: 15, extraText: 'by policy' })
    const cookie = { code: EDNS_OPTION.cookie, octets: new Uint8Array(16) }
    const rig = startPlugin(cachePlugin, 'cache', { next: denier([cookie, error]) })
    expect(optionsOf(await rig.ask('a.example.org A +edns'))).toHaveLength(2)
    const hit = await rig.ask('a.example.org A +edns')
    expect(hit).toMatchObject({ by: 'cache', reason: 'why' })
    expect(optionsOf(hit).map(readExtendedError)).toEqual([{ infoCode: 15, extraText: 'by policy' }])
  })

  it('keeps no extended error that is long, and not many of them', async () => {
    const long = writeExtendedError({ infoCode: 0, extraText: 'x'.repeat(1000) })
    const short = Array.from({ length: 20 }, (_, infoCode) => writeExtendedError({ infoCode, extraText: '' }))
    const rig = startPlugin(cachePlugin, 'cache', { next: denier([long, ...short]) })
    await rig.ask('a.example.org A +edns')
    expect(optionsOf(await rig.ask('a.example.org A +edns')).map((one) => one.octets.length)).toEqual([2, 2, 2, 2])
  })
})
