import { availableParallelism } from 'node:os'
import { describe, expect, it } from 'vitest'
import { configured } from '../../../test/support/configured.ts'
import { multisocketPlugin } from './index.ts'

describe('multisocket', () => {
  it('tells the server the number of sockets, by default one for each processor', () => {
    expect(configured(multisocketPlugin, 'multisocket 4')).toEqual({ sockets: 4 })
    expect(configured(multisocketPlugin, 'multisocket')).toEqual({ sockets: availableParallelism() })
  })

  it.each([
    ['multisocket 1 2', 'Wrong argument count'],
    ['multisocket\nmultisocket', 'Wrong argument count'],
    ['multisocket x', 'invalid num sockets: strconv.Atoi: parsing "x": invalid syntax'],
    ['multisocket 0', 'num sockets can not be zero or negative: 0'],
    ['multisocket 1025', 'num sockets exceeds maximum (1024): 1025'],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => configured(multisocketPlugin, directive)).toThrow(message)
  })
})
