import { describe, expect, it } from 'vitest'
import { configured } from '../../../test/support/configured.ts'
import { timeoutsPlugin } from './index.ts'

describe('timeouts', () => {
  it('tells the server its four settings, a bare number being seconds', () => {
    expect(configured(timeoutsPlugin, 'timeouts {\nread 1\nwrite 2s\nidle 1m30s\nmaxtcpqueries 100\n}')).toEqual({
      readTimeoutMs: 1000,
      writeTimeoutMs: 2000,
      idleTimeoutMs: 90_000,
      maxTcpQueries: 100,
    })
    expect(configured(timeoutsPlugin, 'timeouts {\nmaxtcpqueries -1\n}')).toEqual({ maxTcpQueries: -1 })
  })

  it.each([
    ['timeouts', 'timeouts block with no timeouts specified'],
    ['timeouts {\n}', 'timeouts block with no timeouts specified'],
    ['timeouts 5s', 'Wrong argument count'],
    ['timeouts {\nread\n}', 'Wrong argument count'],
    ['timeouts {\nread soon\n}', "failed to parse duration 'soon'"],
    ['timeouts {\nread 0s\n}', "timeout provided '0s' needs to be between 1 second and 24 hours"],
    ['timeouts {\nidle 48h\n}', "timeout provided '48h0m0s' needs to be between 1 second and 24 hours"],
    ['timeouts {\nconnect 5s\n}', "unknown option: 'connect'"],
    [
      'timeouts {\nmaxtcpqueries x\n}',
      `invalid value for maxtcpqueries 'x': strconv.Atoi: parsing "x": invalid syntax`,
    ],
    ['timeouts {\nmaxtcpqueries 0\n}', "maxtcpqueries provided '0' needs to be -1 (unlimited) or a positive integer"],
  ])('refuses %j: %s', (directive, message) => {
    expect(() => configured(timeoutsPlugin, directive)).toThrow(message)
  })
})
