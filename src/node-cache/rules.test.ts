import { describe, expect, it } from 'vitest'
import { formatRule, planRules } from './rules.ts'

describe('planRules()', () => {
  it('plans the twelve rules of NodeLocal DNSCache, in its order', () => {
    const rules = planRules({ localAddresses: ['169.254.25.10'], dnsPort: 53, healthPort: 8080 })
    const skip = '-j NOTRACK -m comment --comment NodeLocal DNS Cache: skip conntrack'
    const allow = '-j ACCEPT -m comment --comment NodeLocal DNS Cache: allow DNS traffic'
    expect(rules.map((rule) => formatRule(rule))).toEqual([
      `{raw PREROUTING [-p tcp -d 169.254.25.10 --dport 53 ${skip}]}`,
      `{raw PREROUTING [-p udp -d 169.254.25.10 --dport 53 ${skip}]}`,
      `{filter INPUT [-p tcp -d 169.254.25.10 --dport 53 ${allow}]}`,
      `{filter INPUT [-p udp -d 169.254.25.10 --dport 53 ${allow}]}`,
      `{raw OUTPUT [-p tcp -s 169.254.25.10 --sport 53 ${skip}]}`,
      `{raw OUTPUT [-p udp -s 169.254.25.10 --sport 53 ${skip}]}`,
      `{filter OUTPUT [-p tcp -s 169.254.25.10 --sport 53 ${allow}]}`,
      `{filter OUTPUT [-p udp -s 169.254.25.10 --sport 53 ${allow}]}`,
      `{raw OUTPUT [-p tcp -d 169.254.25.10 --dport 53 ${skip}]}`,
      `{raw OUTPUT [-p udp -d 169.254.25.10 --dport 53 ${skip}]}`,
      `{raw OUTPUT [-p tcp -d 169.254.25.10 --dport 8080 ${skip}]}`,
      `{raw OUTPUT [-p tcp -s 169.254.25.10 --sport 8080 ${skip}]}`,
    ])
  })

  it('plans them for each address, IPv6 for ip6tables', () => {
    const rules = planRules({ localAddresses: ['fd00::1', 'fd00::2'], dnsPort: 1053, healthPort: 8080 })
    expect(rules).toHaveLength(24)
    expect(new Set(rules.map(({ family }) => family))).toEqual(new Set([6]))
  })
})
