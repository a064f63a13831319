import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createRequest, startPlugin } from '../../../test/support/plugin-rig.ts'
import { fail } from '../../server/index.ts'
import { cancelPlugin } from './index.ts'

function deadlineWith(directive: string, earlier?: number): number | undefined {
  const clock = createFakeClock()
  let deadline: number | undefined
  const request = { ...createRequest('www.example.org A', { clock }), deadlineAt: earlier }
  void startPlugin(cancelPlugin, directive, { clock }).instance.handler?.(request, (passed) => {
    deadline = passed.deadlineAt
    return fail('next', 'SERVFAIL')
  })
  return deadline
}

describe('cancel', () => {
  it('gives queries a deadline, the default just above five seconds', () => {
    expect(deadlineWith('cancel')).toBe(5001)
    expect(deadlineWith('cancel 1s')).toBe(1000)
  })

  it('keeps a deadline that is earlier', () => {
    expect(deadlineWith('cancel 1s', 300)).toBe(300)
  })

  it.each([
    ['cancel xyz', 'invalid duration: "xyz"'],
    ['cancel -1s', 'invalid negative duration: "-1s"'],
    ['cancel 0', 'invalid negative duration: "0"'],
    ['cancel 1s 2s', 'Wrong argument count'],
    ['cancel {\n1s\n}', "Unexpected token '{', expecting argument"],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => startPlugin(cancelPlugin, directive)).toThrow(message)
  })
})
