import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, it } from 'vitest'
import { localKernelSource } from './local-source.ts'

const folder = mkdtempSync(join(tmpdir(), 'fathom-tables-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('localKernelSource().readFile()', () => {
  const source = localKernelSource()

  it('reads a file of many pieces whole, characters across their borders as well', async () => {
    const path = join(folder, 'long')
    const text = 'ä0123456789\n'.repeat(40_000)
    writeFileSync(path, text)
    expect(await source.readFile(path)).toEqual({ kind: 'file', text })
  })

  it('reads what has no size of its own, as files of /proc', async () => {
    expect(await source.readFile('/proc/self/stat')).toMatchObject({
      kind: 'file',
      text: expect.stringMatching(/^\d+ /),
    })
  })

  it('lets others have their turn meanwhile, and gives up in time on what does not end', async () => {
    let turns = 0
    let next: NodeJS.Immediate
    const take = (): void => {
      turns += 1
      next = setImmediate(take)
    }
    next = setImmediate(take)
    const result = await source.readFile('/dev/zero', { timeoutMs: 200 })
    clearImmediate(next)
    expect(result).toEqual({
      kind: 'skipped',
      why: 'cannot read /dev/zero: it is longer than can be read in 200 ms',
    })
    expect(turns).toBeGreaterThan(1)
  })

  it('says what is not there, and what cannot be read', async () => {
    expect(await source.readFile(join(folder, 'none'))).toEqual({ kind: 'absent' })
    expect(await source.readFile(folder)).toMatchObject({ kind: 'skipped', why: expect.stringContaining('EISDIR') })
  })
})
