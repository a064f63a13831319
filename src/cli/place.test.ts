import { describe, expect, it } from 'vitest'
import { openPlace, parsePlace } from './place.ts'

describe('parsePlace()', () => {
  it.each([
    { text: 'here', place: { kind: 'here' } },
    { text: 'web-0', place: { kind: 'pod', namespace: 'shop', name: 'web-0' } },
    { text: 'db/redis-0', place: { kind: 'pod', namespace: 'db', name: 'redis-0' } },
    { text: 'node/node1', place: { kind: 'node', name: 'node1' } },
  ])('reads $text', ({ text, place }) => {
    expect(parsePlace(text, 'shop')).toEqual(place)
  })

  it.each(['', '/', 'a/', '/a', 'a/b/c'])('refuses %j', (text) => {
    expect(() => parsePlace(text)).toThrow(
      `Cannot ask from "${text}": a place is POD, NAMESPACE/POD, node/NODE or here`,
    )
  })
})

describe('openPlace()', () => {
  it.each([
    { options: { in: 'a', netns: 'b' }, says: 'Cannot use --in and --netns together' },
    { options: { pid: '0' }, says: 'Cannot use --pid 0: it is not a process id' },
    { options: { lab: '', pid: '1' }, says: 'Cannot use --lab with --netns or --pid' },
  ])('refuses $options', async ({ options, says }) => {
    await expect(openPlace(options)).rejects.toThrow(says)
  })

  it('opens this machine where no place is named', async () => {
    const opened = await openPlace({})
    expect('vantage' in opened && opened.vantage.place).toEqual({ kind: 'here' })
  })
})
