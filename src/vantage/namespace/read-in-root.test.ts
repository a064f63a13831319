import { execFileSync } from 'node:child_process'
import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { readInRoot } from './read-in-root.ts'

const SECRET = 'of this machine\n'
let folder = ''
let root = ''

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'fathom-root-'))
  root = join(folder, 'root')
  await mkdir(join(root, 'etc'), { recursive: true })
  await mkdir(join(root, 'run'))
  await writeFile(join(folder, 'outside'), SECRET)
  await writeFile(join(root, 'outside'), 'of the place\n')
  await writeFile(join(root, 'run/resolv.conf'), 'nameserver 10.0.0.1\n')
  await symlink('/run/resolv.conf', join(root, 'etc/resolv.conf'))
  await symlink('../../../../outside', join(root, 'etc/climbs'))
  await symlink(join(folder, 'outside'), join(root, 'etc/leads-out'))
  await symlink('/run', join(root, 'etc/folder'))
  await symlink('circle', join(root, 'etc/circle'))
  execFileSync('mkfifo', [join(root, 'etc/pipe')])
  await writeFile(join(root, 'etc/large'), Buffer.alloc(5 * 1024 * 1024))
})
afterAll(() => rm(folder, { recursive: true, force: true }))

describe('readInRoot()', () => {
  const CASES = [
    { what: 'an absolute link as the place means it', path: '/etc/resolv.conf', text: 'nameserver 10.0.0.1\n' },
    { what: 'a folder that is a link', path: '/etc/folder/resolv.conf', text: 'nameserver 10.0.0.1\n' },
    { what: 'links that climb no further than the root', path: '/etc/climbs', text: 'of the place\n' },
  ]
  it.each(CASES)('follows $what', async ({ path, text }) => {
    expect(await readInRoot(root, path)).toEqual({ kind: 'file', text })
  })

  it('never reads a file outside', async () => {
    expect(await readInRoot(root, '/etc/leads-out')).toEqual({ kind: 'absent' })
  })

  it('says that a file, or its folder, is absent', async () => {
    expect(await readInRoot(root, '/etc/nothing')).toEqual({ kind: 'absent' })
    expect(await readInRoot(root, '/run/resolv.conf/x')).toEqual({ kind: 'absent' })
  })

  it.each([
    { path: '/etc/circle', why: 'its symbolic links lead in a circle' },
    { path: '/etc/pipe', why: 'it is not a regular file there' },
    { path: '/etc', why: 'it is not a regular file there' },
    { path: '/etc/large', why: '5242880 octets, limit is 4194304' },
  ])('reads nothing of $path: $why', async ({ path, why }) => {
    expect(await readInRoot(root, path)).toEqual({ kind: 'skipped', why: `cannot read ${path}: ${why}` })
  })
})
