import { describe, expect, it } from 'vitest'
import { compareResolvConf, parseResolvConf } from './index.ts'

const POD = 'nameserver 169.254.25.10\nsearch shop.svc.cluster.local svc.cluster.local cluster.local\noptions ndots:5\n'

function compared(observed: string, computed: string, unseen?: 'all' | 'searches'): string[] {
  const options = unseen === undefined ? {} : { unseen }
  return compareResolvConf(parseResolvConf(observed), parseResolvConf(computed), options)
    .filter((line) => line.in !== 'both')
    .map((line) => `${line.in === 'observed' ? '+' : '-'} ${line.text}`)
}

describe('compareResolvConf()', () => {
  it('finds nothing between files that say the same in other words', () => {
    expect(compared(`# written by kubelet\noptions ndots:5\n\n${POD.replace('options ndots:5\n', '')}`, POD)).toEqual(
      [],
    )
    const two = POD.replace('ndots:5', 'timeout:1 ndots:5')
    expect(compared(two.replace('timeout:1 ndots:5', 'ndots:5 timeout:1'), two)).toEqual([])
  })

  it('gives the lines that only one of them has', () => {
    expect(compared(POD.replace('169.254.25.10', '10.233.0.3'), POD)).toEqual([
      '- nameserver 169.254.25.10',
      '+ nameserver 10.233.0.3',
    ])
    expect(compared(POD.replace('options ndots:5\n', ''), POD)).toEqual(['- options ndots:5'])
    expect(compared('', POD)).toHaveLength(3)
  })

  it('takes nameservers in another order for a difference: resolvers ask the first one first', () => {
    const servers = 'nameserver 10.0.0.1\nnameserver 10.0.0.2\n'
    expect(compared('nameserver 10.0.0.2\nnameserver 10.0.0.1\n', servers)).toHaveLength(2)
  })

  it("says nothing about what rests on a node's file that was not seen", () => {
    const longer = POD.replace('cluster.local\n', 'cluster.local corp.example\n')
    expect(compared(longer, POD)).toHaveLength(2)
    expect(compared(longer, POD, 'searches')).toEqual([])
    expect(compared(longer.replace('shop', 'other'), POD, 'searches')).toHaveLength(2)
    expect(compared('nameserver 192.0.2.1\n', POD, 'all')).toEqual([])
  })
})
