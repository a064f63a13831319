import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import type { CommandResult } from './command.ts'
import { ensureRule, removeRule } from './iptables.ts'
import type { IptablesTools } from './iptables.ts'
import { planRules } from './rules.ts'

const [RULE] = planRules({ localAddresses: ['169.254.25.10'], dnsPort: 53, healthPort: 8080 })

/** Tools whose program answers with these statuses, one after the other. */
function tools(...statuses: readonly number[]) {
  const calls: string[] = []
  const clock = createFakeClock()
  let locked = 0
  const made: IptablesTools = {
    clock: { ...clock, setTimeout: (callback) => clock.setTimeout(callback, 0) },
    onLocked: () => {
      locked += 1
      queueMicrotask(() => queueMicrotask(() => void clock.advance(0)))
    },
    run: async (program, args): Promise<CommandResult> => {
      calls.push([program, ...args.slice(0, 6)].join(' '))
      const status = statuses[calls.length - 1]
      return { status, stdout: '', complaint: status === 0 ? '' : `status ${status}` }
    },
  }
  return { made, calls, locked: () => locked }
}

function rule() {
  if (RULE === undefined) throw new Error('no rule is planned')
  return RULE
}

describe('ensureRule()', () => {
  it('leaves a rule that is there', async () => {
    const { made, calls } = tools(0)
    expect(await ensureRule(rule(), made)).toBe(false)
    expect(calls).toEqual(['iptables -w 1 -t raw -C PREROUTING'])
  })

  it('puts a missing rule in front', async () => {
    const { made, calls } = tools(1, 0)
    expect(await ensureRule(rule(), made)).toBe(true)
    expect(calls).toEqual(['iptables -w 1 -t raw -C PREROUTING', 'iptables -w 1 -t raw -I PREROUTING'])
  })

  it('counts a busy lock and tries again', async () => {
    const { made, locked } = tools(4, 4, 1, 4, 0)
    expect(await ensureRule(rule(), made)).toBe(true)
    expect(locked()).toBe(3)
  })

  it('does not take missing privileges for a busy lock, though the status is the same', async () => {
    const denied = { status: 4, stdout: '', complaint: 'iptables: Permission denied (you must be root)' }
    const { made, locked } = tools()
    await expect(ensureRule(rule(), { ...made, run: async () => denied })).rejects.toThrow('Permission denied')
    expect(locked()).toBe(0)
  })

  it('says what was refused', async () => {
    const { made } = tools(1, 3)
    await expect(ensureRule(rule(), made)).rejects.toThrow(
      'Cannot add the rule of iptables in raw PREROUTING: status 3',
    )
  })
})

describe('removeRule()', () => {
  it('deletes until the rule is absent', async () => {
    const { made, calls } = tools(0, 0, 0, 0, 1)
    await removeRule(rule(), made)
    expect(calls.map((call) => call.split(' ')[5])).toEqual(['-C', '-D', '-C', '-D', '-C'])
  })
})
