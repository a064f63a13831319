// Tunnels that few kernels have, made by a program on /dev/net/tun: DNS inside them is read, and paired.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { reportOf } from '../../support/read-patterns.ts'
import { createPatternLab, WHY_NO_PATTERN_NET } from './pattern-net.ts'
import type { PatternLab } from './pattern-net.ts'

const WHY_NOT = WHY_NO_PATTERN_NET ?? (existsSync('/dev/net/tun') ? undefined : 'there is no /dev/net/tun')
const hasTshark = spawnSync('tshark', ['-v'], { stdio: 'ignore' }).error === undefined

let folder: string
let lab: PatternLab

beforeAll(async () => {
  if (WHY_NOT !== undefined) return
  folder = mkdtempSync(join(tmpdir(), 'fathom-tunnels-'))
  lab = await createPatternLab(folder)
})

afterAll(async () => {
  if (WHY_NOT !== undefined) return
  await lab.remove()
  rmSync(folder, { recursive: true, force: true })
})

describe.skipIf(WHY_NOT !== undefined)(`tunnels in user space${WHY_NOT === undefined ? '' : ` (${WHY_NOT})`}`, () => {
  it.each(['geneve', 'ipip', 'gre'])('%s: the question and its response inside are one transaction', async (kind) => {
    const file = join(folder, `${kind}.pcap`)
    await lab.capture(file, {}, async (net) => {
      await net.tunnel(kind)
      await net.dig('@10.97.0.2', 'a.cluster.local')
    })
    const { dns, patterns } = await reportOf(file)
    expect(dns).toMatchObject({ transactions: 1, answered: 1, rcodes: { NOERROR: 1 } })
    expect(patterns.filter((pattern) => pattern.kind === 'fault')).toEqual([])
    if (!hasTshark) return
    const args = ['-r', file, '-Y', 'dns', '-T', 'fields', '-e', 'dns.qry.name']
    expect(spawnSync('tshark', args, { encoding: 'utf8' }).stdout).toBe('a.cluster.local\na.cluster.local\n')
  })
})
