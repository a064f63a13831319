import { describe, expect, it } from 'vitest'
import { Later, takeEventual, type Eventual } from './later.ts'

/** What comes of it, as text. */
function outcomeOf(eventual: Eventual<string>): Promise<string> {
  return new Promise((resolve) => {
    takeEventual(
      eventual,
      (value) => resolve(value),
      (error) => resolve(`failed: ${String(error)}`),
    )
  })
}

describe('Later', () => {
  it('runs changes in their order, in the call that settles it', () => {
    const seen: string[] = []
    const later = new Later<string>()
    later.map((value) => `${value}b`).map((value) => `${value}c`)
    later.take(
      (value) => seen.push(value),
      () => seen.push('failed'),
    )
    later.settle('a')
    later.settle('again')
    expect(seen).toEqual(['abc'])
  })

  it('changes a value that is there already', async () => {
    const later = new Later<string>()
    later.settle('a')
    expect(await outcomeOf(later.map((value) => `${value}b`))).toBe('ab')
  })

  it.each([
    { what: 'a promise', slow: (value: string) => Promise.resolve(`${value}b`) },
    {
      what: 'another one',
      slow: (value: string) => {
        const later = new Later<string>()
        setImmediate(() => later.settle(`${value}b`))
        return later
      },
    },
  ])('waits for a change that gives $what', async ({ slow }) => {
    const later = new Later<string>()
    later.map(slow).map((value) => `${value}c`)
    later.settle('a')
    expect(await outcomeOf(later.map((value) => `${value}d`))).toBe('abcd')
  })

  it('fails with what a change throws, and skips the changes behind it', async () => {
    const later = new Later<string>()
    later
      .map(() => {
        throw new Error('broken')
      })
      .map(() => 'never')
    later.settle('a')
    expect(await outcomeOf(later)).toBe('failed: Error: broken')
  })

  it('fails when a change rejects', async () => {
    const later = new Later<string>().map(() => Promise.reject(new Error('late')))
    later.settle('a')
    expect(await outcomeOf(later)).toBe('failed: Error: late')
  })

  it('can be awaited, before and after it is settled', async () => {
    const before = new Later<string>()
    setImmediate(() => before.settle('a'))
    const after = new Later<string>()
    after.settle('b')
    const failed = new Later<string>()
    failed.fail(new Error('no'))
    expect([await before, await after]).toEqual(['a', 'b'])
    await expect(Promise.resolve(failed)).rejects.toThrow('no')
  })
})
