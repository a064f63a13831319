import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import type { Flags } from '../../dns/message.ts'
import { fail, respond } from '../../server/index.ts'
import { headerPlugin } from './index.ts'

async function flagsWith(directive: string): Promise<{ query: Flags | undefined; response: Flags | undefined }> {
  let query: Flags | undefined
  const rig = startPlugin(headerPlugin, directive, {
    next: (request) => {
      query = request.message.flags
      return respond(request, { by: 'next', aa: true })
    },
  })
  const outcome = await rig.ask('www.example.org A')
  return { query, response: outcome.kind === 'answer' ? outcome.message.flags : undefined }
}

describe('header', () => {
  it('changes flags of the response', async () => {
    const { response } = await flagsWith('header {\nresponse set ra\nresponse clear aa RD\n}')
    expect(response).toMatchObject({ ra: true, aa: false, rd: false })
  })

  it('changes flags of the query on its way in', async () => {
    const { query } = await flagsWith('header {\nquery clear rd\nQuery Set aa\n}')
    expect(query).toMatchObject({ rd: false, aa: true, ra: false })
  })

  it('lets the last rule for a flag count', async () => {
    const { response } = await flagsWith('header {\nresponse set ra\nresponse clear ra\n}')
    expect(response).toMatchObject({ ra: false })
  })

  it('leaves outcomes without a message alone', async () => {
    const rig = startPlugin(headerPlugin, 'header {\nresponse set ra\n}', { next: () => fail('next', 'REFUSED') })
    expect(await rig.ask('www.example.org A')).toMatchObject({ kind: 'status', rcode: 'REFUSED' })
  })

  it.each([
    ['header', 'Wrong argument count'],
    ['header {\n}', 'Wrong argument count'],
    ['header {\nset ra\n}', 'setting up rule: invalid selector=set should be query or response'],
    ['header {\nresponse\n}', 'setting up rule: no flag action provided'],
    ['header {\nresponse set\n}', 'setting up rule: invalid length for flags, at least one should be provided'],
    ['header {\nresponse flip ra\n}', 'setting up rule: unknown flag action=flip, should be set or clear'],
    ['header {\nresponse set tc\n}', 'setting up rule: unknown/unsupported flag=tc'],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => startPlugin(headerPlugin, directive)).toThrow(message)
  })
})
