import { describe, expect, it } from 'vitest'
import type { CommandResult, RunCommand } from './command.ts'
import { ensureInterface, removeInterface } from './interface.ts'

/** An `ip` that answers by its first words; everything else succeeds. */
function fakeIp(answers: Readonly<Record<string, Partial<CommandResult>>>) {
  const calls: string[] = []
  const run: RunCommand = async (program, args) => {
    const call = [program, ...args].join(' ')
    calls.push(call)
    const found = Object.entries(answers).find(([start]) => call.startsWith(start))
    return { status: 0, stdout: '', complaint: '', ...found?.[1] }
  }
  return { run, calls }
}

const ABSENT = { status: 1, complaint: 'Device "nodelocaldns" does not exist.' }
const NAME = 'nodelocaldns'

describe('ensureInterface()', () => {
  it('creates a dummy device with the addresses', async () => {
    const { run, calls } = fakeIp({ 'ip -o address show': ABSENT })
    expect(await ensureInterface({ name: NAME, addresses: ['169.254.25.10'], run })).toEqual({
      created: true,
      added: ['169.254.25.10'],
    })
    expect(calls.slice(1)).toEqual([
      'ip link add nodelocaldns type dummy',
      'ip address add 169.254.25.10/32 dev nodelocaldns',
    ])
  })

  it('accepts a device of that name and adds what is missing', async () => {
    const shown =
      '3: nodelocaldns    inet 169.254.25.10/32 scope global nodelocaldns\n3: nodelocaldns    inet6 fd00:0::1/128 scope global'
    const { run, calls } = fakeIp({ 'ip -o address show': { stdout: shown } })
    const addresses = ['169.254.25.10', 'fd00::1', 'fd00::2']
    expect(await ensureInterface({ name: NAME, addresses, run })).toEqual({ created: false, added: ['fd00::2'] })
    expect(calls.slice(1)).toEqual(['ip address add fd00::2/128 nodad dev nodelocaldns', 'ip link set nodelocaldns up'])
  })

  it('tolerates that somebody else was quicker', async () => {
    const { run } = fakeIp({
      'ip -o address show': ABSENT,
      'ip link add': { status: 2, complaint: 'RTNETLINK answers: File exists' },
      'ip address add': { status: 2, complaint: 'Error: ipv4: Address already assigned.' },
    })
    expect((await ensureInterface({ name: NAME, addresses: ['169.254.25.10'], run })).added).toEqual([])
  })

  it('says what to do where there are no dummy devices', async () => {
    const { run } = fakeIp({
      'ip -o address show': ABSENT,
      'ip link add': { status: 2, complaint: 'Error: Unknown device type.' },
    })
    await expect(ensureInterface({ name: NAME, addresses: [], run })).rejects.toThrow(
      'Cannot create interface nodelocaldns: Unknown device type. (this kernel has no "dummy" module',
    )
  })
})

describe('removeInterface()', () => {
  it('does not mind that it is gone', async () => {
    const { run } = fakeIp({ 'ip link delete': { status: 1, complaint: 'Cannot find device "nodelocaldns"' } })
    await expect(removeInterface({ name: NAME, run })).resolves.toBeUndefined()
  })
})
