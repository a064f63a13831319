import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { shellWord } from './shell-word.ts'

describe('shellWord()', () => {
  it('leaves names, addresses and paths as they are', () => {
    const plain = ['web.shop.svc.cluster.local.', '_http._tcp.web', '10.0.0.1:53', '/etc/resolv.conf', '--lab=x']
    expect(plain.map(shellWord)).toEqual(plain)
  })

  it.each(['we b.shop', String.raw`we\032b`, "it's", '$(id)', '*', ''])('gives a shell %j as one word', (text) => {
    expect(execFileSync('sh', ['-c', `printf %s ${shellWord(text)}`], { encoding: 'utf8' })).toBe(text)
  })
})
