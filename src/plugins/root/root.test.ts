import { describe, expect, it } from 'vitest'
import { configured } from '../../../test/support/configured.ts'
import { rootPlugin } from './index.ts'

describe('root', () => {
  it('gives later directives the directory, and warns when there is none', () => {
    const log: string[] = []
    expect(configured(rootPlugin, 'root /etc/zones', { log })).toEqual({ root: '/etc/zones' })
    expect(log).toEqual(['warning Root path does not exist: /etc/zones'])
  })

  it('takes a relative directory from the one before', () => {
    expect(configured(rootPlugin, 'root zones')).toEqual({ root: '/zones' })
  })

  it.each(['root', 'root a b'])('refuses %j', (directive) => {
    expect(() => configured(rootPlugin, directive)).toThrow('Wrong argument count')
  })
})
