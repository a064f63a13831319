import { describe, expect, it } from 'vitest'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import { PROGRAM_VERSION } from '../../base/index.ts'
import { chaosPlugin } from './index.ts'

async function textsOf(directive: string, question: string): Promise<string[] | undefined> {
  const rig = startPlugin(chaosPlugin, directive, { environment: { HOSTNAME: 'coredns-1' } })
  const outcome = await rig.ask(question)
  if (outcome.kind !== 'answer') return undefined
  return outcome.message.answer.map(({ rdata, ttl, class: rrclass, name }) => {
    return `${name} ${ttl} ${rrclass} ${rdata.type === 'TXT' ? rdata.strings.join('|') : rdata.type}`
  })
}

describe('chaos', () => {
  it.each([
    { directive: 'chaos v1', question: 'version.bind TXT CH', texts: ['version.bind. 0 CH v1'] },
    { directive: 'chaos v1', question: 'VERSION.Server TXT CH', texts: ['VERSION.Server. 0 CH v1'] },
    { directive: 'chaos', question: 'hostname.bind TXT CH', texts: ['hostname.bind. 0 CH coredns-1'] },
    { directive: 'chaos', question: 'id.server TXT CH', texts: ['id.server. 0 CH coredns-1'] },
    {
      directive: 'chaos',
      question: 'version.bind TXT CH',
      texts: [`version.bind. 0 CH Fathom-${PROGRAM_VERSION}`],
    },
  ])('answers $question with $texts', async ({ directive, question, texts }) => {
    expect(await textsOf(directive, question)).toEqual(texts)
  })

  it('gives every author once, in any order', async () => {
    const texts = await textsOf('chaos v1 b@x.org a@x.org b@x.org', 'authors.bind TXT CH')
    expect(texts?.toSorted()).toEqual(['authors.bind. 0 CH a@x.org', 'authors.bind. 0 CH b@x.org'])
  })

  it('cuts texts to 255 octets, not characters', async () => {
    const [text] = (await textsOf(`chaos ${'é'.repeat(200)}`, 'version.bind TXT CH')) ?? []
    expect(text).toHaveLength('version.bind. 0 CH '.length + 255)
  })

  it.each(['version.bind TXT IN', 'version.bind A CH', 'other.bind TXT CH'])('passes %s on', async (question) => {
    expect(await textsOf('chaos', question)).toBeUndefined()
  })

  it('claims classes other than IN for its block', () => {
    expect(startPlugin(chaosPlugin, 'chaos').instance.anyClass).toBe(true)
  })

  it('has no options', () => {
    expect(() => startPlugin(chaosPlugin, 'chaos {\nx\n}')).toThrow("unknown property 'x'")
  })
})
