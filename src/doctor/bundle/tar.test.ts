import { execFileSync } from 'node:child_process'
import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { TarError, readTar, writeTar } from './tar.ts'

const FILES = [
  { name: 'a.json', octets: Buffer.from('{}') },
  { name: 'empty', octets: Buffer.alloc(0) },
  { name: 'block', octets: Buffer.alloc(512, 'x') },
]

describe('writeTar()', () => {
  it('writes what tar lists and takes out', () => {
    const archive = writeTar(FILES, 1_700_000_000)
    const listed = execFileSync('tar', ['-tvf', '-', '--utc'], { input: archive, encoding: 'utf8' })
    expect(listed.trimEnd().split('\n')).toEqual([
      expect.stringMatching(/^-rw------- 0\/0 +2 2023-11-14 22:13 a\.json$/),
      expect.stringMatching(/ 0 2023-11-14 22:13 empty$/),
      expect.stringMatching(/ 512 2023-11-14 22:13 block$/),
    ])
    expect(execFileSync('tar', ['-xOf', '-', 'block'], { input: archive, encoding: 'utf8' })).toBe('x'.repeat(512))
  })
})

describe('readTar()', () => {
  it('gives back what was written', () => {
    expect(readTar(writeTar(FILES, 0)).map(({ name, octets }) => [name, Buffer.from(octets).toString()])).toEqual(
      FILES.map(({ name, octets }) => [name, octets.toString()]),
    )
  })

  it('either reads or throws a TarError, whatever the octets', () => {
    const archive = writeTar(FILES, 0)
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(archive.length - 1), fc.nat(255)), { maxLength: 10 }),
        fc.nat(archive.length),
        (changes, length) => {
          const octets = Uint8Array.from(archive.subarray(0, length))
          for (const [at, octet] of changes) if (at < octets.length) octets[at] = octet
          try {
            for (const file of readTar(octets)) expect(file.octets.length).toBeLessThanOrEqual(octets.length)
          } catch (error) {
            expect(error).toBeInstanceOf(TarError)
          }
        },
      ),
      { numRuns: 2000 },
    )
  })
})
