import { describe, expect, it } from 'vitest'
import { matchesPackets, namesDestination } from './rule-match.ts'

const QUERY = { protocol: 'udp', sources: ['192.168.0.3'], destinations: ['10.233.71.1'], destinationPort: 53 }

describe('matchesPackets()', () => {
  it.each([
    '-A FORWARD -j DROP',
    '-A FORWARD -s 192.168.0.0/24 -d 10.233.71.1/32 -j DROP',
    '-A FORWARD -p udp -m multiport --dports 53,5353 -j DROP',
    '-A FORWARD -p udp -m udp --dport 1:1023 -m comment --comment "no -d 1.2.3.4" -j DROP',
    '-A FORWARD ! -s 10.0.0.0/8 -j DROP',
    '-A FORWARD -d 10.233.71.1/32 -m statistic --mode random --probability 0.5 -j DROP',
  ])('takes %s', (text) => {
    expect(matchesPackets(text, QUERY)).toBe(true)
  })

  it.each([
    '-A FORWARD -s 192.168.0.4/32 -j DROP',
    '-A FORWARD ! -d 10.233.0.0/16 -j DROP',
    '-A FORWARD -p tcp -m tcp --dport 53 -j DROP',
    '-A FORWARD -p udp -m udp --dport 8472 -j DROP',
    '-A FORWARD -m set --match-set banned src -j DROP',
  ])('leaves %s', (text) => {
    expect(matchesPackets(text, QUERY)).toBe(false)
  })
})

describe('namesDestination()', () => {
  it.each([
    ['-A OUTPUT -d 10.96.0.0/12 -j DROP', true],
    ['-A OUTPUT ! -d 10.96.0.0/12 -j DROP', false],
    ['-A OUTPUT -j DROP', false],
  ])('of %s is %s', (text, expected) => {
    expect(namesDestination(text, ['10.96.0.10'])).toBe(expected)
  })
})
