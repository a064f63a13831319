import { describe, expect, it } from 'vitest'
import { settle } from '../../../test/support/fake-clock.ts'
import { startPlugin } from '../../../test/support/plugin-rig.ts'
import type { Outcome } from '../../server/index.ts'
import { erraticPlugin } from './index.ts'

/** What becomes of `count` questions in turn, waiting for late ones. */
async function run(directive: string, count: number, type = 'A'): Promise<string[]> {
  const rig = startPlugin(erraticPlugin, directive)
  const seen: string[] = []
  for (let index = 0; index < count; index += 1) {
    let outcome: Outcome | undefined
    const answered = rig.ask(`www.example.org ${type}`).then((given) => (outcome = given))
    await settle()
    const isLate = outcome === undefined
    await rig.clock.advance(1000)
    await answered
    seen.push(describeOutcome(outcome) + (isLate ? ' late' : ''))
  }
  return seen
}

function describeOutcome(outcome: Outcome | undefined): string {
  if (outcome?.kind !== 'answer') return outcome?.kind ?? 'nothing'
  return `${outcome.message.answer.length}${outcome.message.flags.tc ? ' tc' : ''}`
}

describe('erratic', () => {
  it.each([
    { directive: 'erratic', seen: ['drop', '1', 'drop', '1'] },
    { directive: 'erratic {\ndrop 3\n}', seen: ['drop', '1', '1', 'drop'] },
    { directive: 'erratic {\ndrop 0\n}', seen: ['1', '1', '1', '1'] },
    { directive: 'erratic {\ntruncate 2\n}', seen: ['1 tc', '1', '1 tc', '1'] },
    { directive: 'erratic {\ndelay 2 100ms\n}', seen: ['1 late', '1', '1 late', '1'] },
    { directive: 'erratic {\ndelay\n}', seen: ['1 late', '1', '1 late', '1'] },
    { directive: 'erratic {\ndrop 4\ntruncate 2\n}', seen: ['drop', '1', '1 tc', '1'] },
    { directive: 'erratic {\ndrop 0\nlarge\n}', seen: ['30', '30', '30', '30'] },
  ])('does $seen under $directive', async ({ directive, seen }) => {
    expect(await run(directive, 4)).toEqual(seen)
  })

  it('answers AAAA, a transfer, and SERVFAIL to the rest', async () => {
    expect(await run('erratic {\ndrop 0\n}', 1, 'AAAA')).toEqual(['1'])
    expect(await run('erratic {\ndrop 0\n}', 1, 'AXFR')).toEqual(['6'])
    expect(await run('erratic {\ntruncate 1\n}', 1, 'AXFR')).toEqual(['5'])
    expect(await run('erratic {\ndrop 0\n}', 1, 'MX')).toEqual(['status'])
  })

  it('is ready from its third query to its fourth', async () => {
    const rig = startPlugin(erraticPlugin, 'erratic')
    const ready: (boolean | undefined)[] = []
    for (let index = 0; index < 6; index += 1) {
      ready.push(rig.instance.isReady?.())
      await rig.ask('www.example.org A')
    }
    expect(ready).toEqual([false, false, false, true, true, false])
  })

  it.each([
    ['erratic {\ndrop 1 2\n}', 'Wrong argument count'],
    ['erratic {\ndrop x\n}', 'strconv.Atoi: parsing "x": invalid syntax'],
    ['erratic {\ndrop -1\n}', 'illegal amount value given "-1"'],
    ['erratic {\ndelay 1 2\n}', 'time: missing unit in duration "2"'],
    ['erratic {\nlate\n}', "unknown property 'late'"],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => startPlugin(erraticPlugin, directive)).toThrow(message)
  })
})
