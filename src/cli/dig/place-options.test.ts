import { describe, expect, it } from 'vitest'
import { takePlaceOptions } from './place-options.ts'

describe('takePlaceOptions()', () => {
  it.each([
    { all: '@10.0.0.1 a MX', args: '@10.0.0.1 a MX', place: undefined },
    { all: '--in shop/web-0 a', args: 'a', place: { in: 'shop/web-0' } },
    { all: 'a --in=web-0 --namespace shop +tcp', args: 'a +tcp', place: { in: 'web-0', namespace: 'shop' } },
    { all: '--netns cni-1 a', args: 'a', place: { netns: 'cni-1' } },
    { all: '--pid 12 a', args: 'a', place: { pid: '12' } },
    { all: '--lab= --in node/node1 a', args: 'a', place: { lab: '', in: 'node/node1' } },
    { all: '--lab=reference a', args: 'a', place: { lab: 'reference' } },
    { all: '--other a', args: '--other a', place: undefined },
  ])('reads $all', ({ all, args, place }) => {
    expect(takePlaceOptions(all.split(' '))).toEqual({ args: args.split(' '), place })
  })

  it.each([['--in'], ['--in=', 'a'], ['a', '--pid']])('refuses %s without a value', (...all) => {
    expect(() => takePlaceOptions(all)).toThrow(/Invalid option: --(?:in|pid) needs a value/)
  })
})
