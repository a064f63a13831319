import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../test/support/fake-clock.ts'
import type { Capability } from './capabilities.ts'
import type { CommandResult } from './command.ts'
import { parseNodeCacheFlags } from './flags.ts'
import { createNodeSetup } from './node-setup.ts'
import type { SetupErrorType } from './setup-errors.ts'

const OK: CommandResult = { status: 0, stdout: '', complaint: '' }
const LOCKED: CommandResult = { status: 4, stdout: '', complaint: 'Another app is currently holding the xtables lock' }
const ABSENT: CommandResult = { status: 1, stdout: '', complaint: 'Bad rule' }

type Node = (program: string, args: readonly string[]) => CommandResult

function setUp(node: Node, { lacking = [], flags = [] }: { lacking?: Capability[]; flags?: string[] } = {}) {
  const lines: string[] = []
  const counted: SetupErrorType[] = []
  const ran: string[] = []
  const clock = createFakeClock()
  const setup = createNodeSetup({
    flags: parseNodeCacheFlags(['-localip', '169.254.25.10', ...flags]),
    run: async (program, args) => {
      ran.push([program, ...args].join(' '))
      return node(program, args)
    },
    lacks: (wanted) => wanted.filter((name) => lacking.includes(name)),
    // Pauses take no time.
    clock: {
      ...clock,
      setTimeout: (callback) => {
        queueMicrotask(callback)
        return { clear: () => {}, unref: () => {} }
      },
    },
    say: (line) => lines.push(line),
    count: (type) => counted.push(type),
  })
  return { setup, lines, counted, ran }
}

/** A node where everything works and rules stay once they are added. */
function workingNode(): Node {
  const rules = new Set<string>()
  return (program, args) => {
    if (program !== 'iptables') return OK
    const rule = args.filter((arg, at) => at > 4 && arg !== '1').join(' ')
    if (args[4] === '-I') rules.add(rule)
    if (args[4] === '-D') rules.delete(rule)
    return args[4] === '-C' && !rules.has(rule) ? ABSENT : OK
  }
}

describe('createNodeSetup()', () => {
  it('puts interface and rules in place once, and takes them away', async () => {
    const { setup, lines, counted, ran } = setUp(workingNode())
    expect(setup.missing()).toEqual(['interface', 'iptables'])
    await setup.ensureInterface()
    await setup.ensureRules()
    expect(setup.missing()).toEqual([])
    expect(lines.filter((line) => line.startsWith('[INFO] Added back nodelocaldns rule - {'))).toHaveLength(12)
    const before = lines.length
    await setup.ensureRules()
    expect(lines).toHaveLength(before)
    await setup.tearDown()
    expect(ran.at(-1)).toBe('ip link delete nodelocaldns')
    expect(counted).toEqual([])
  })

  it('takes back after a failed start what it made and nothing that it found', async () => {
    const found = setUp(workingNode())
    await found.setup.ensureInterface()
    expect(found.setup.hasMade()).toBe(true)
    await found.setup.undo()
    expect(found.ran.at(-1)).toBe('ip address delete 169.254.25.10/32 dev nodelocaldns')
    expect(found.ran).not.toContain('ip link delete nodelocaldns')

    const ready: CommandResult = { ...OK, stdout: '7: nodelocaldns    inet 169.254.25.10/32 scope global nodelocaldns' }
    const untouched = setUp((program, args) => (args.includes('show') ? ready : workingNode()(program, args)))
    await untouched.setup.ensureInterface()
    expect(untouched.setup.hasMade()).toBe(false)
    await untouched.setup.undo()
    expect(untouched.ran.filter((line) => line.includes('delete'))).toEqual([])

    const absent: CommandResult = { ...ABSENT, complaint: 'Device "nodelocaldns" does not exist.' }
    const made = setUp((program, args) => (args.includes('show') ? absent : workingNode()(program, args)))
    await made.setup.ensureInterface()
    await made.setup.undo()
    expect(made.ran.at(-1)).toBe('ip link delete nodelocaldns')
  })

  it('says in one line, once, which capabilities are missing, and does not try what needs them', async () => {
    const { setup, lines, counted, ran } = setUp(
      (_program, args) =>
        args[1] === 'add'
          ? { ...ABSENT, complaint: 'Operation not permitted' }
          : { ...ABSENT, complaint: 'Device "nodelocaldns" does not exist.' },
      { lacking: ['NET_ADMIN', 'NET_RAW'] },
    )
    for (let round = 0; round < 3; round += 1) {
      await setup.ensureInterface()
      await setup.ensureRules()
    }
    await setup.tearDown()
    expect(lines).toEqual([
      '[ERROR] Cannot set up interface nodelocaldns and the rules of iptables (missing capability NET_ADMIN, NET_RAW: ' +
        "add it to the container's securityContext.capabilities, or run as root); what can be served is served",
    ])
    expect(setup.missing()).toEqual(['interface', 'iptables'])
    expect(counted.filter((type) => type === 'iptables')).toHaveLength(3)
    expect(ran.filter((line) => line.startsWith('iptables') || line.includes('delete'))).toEqual([])
  })

  it('waits for a busy lock at one rule, not at all twelve, and is well again afterwards', async () => {
    let isBusy = true
    const working = workingNode()
    const { setup, lines, counted, ran } = setUp((program, args) =>
      program === 'iptables' && isBusy ? LOCKED : working(program, args),
    )
    await setup.ensureRules()
    await setup.ensureRules()
    expect(ran).toHaveLength(6)
    expect(counted.filter((type) => type === 'iptables_lock')).toHaveLength(6)
    expect(lines).toEqual([
      '[ERROR] Cannot check the rule of iptables in raw PREROUTING: Another app is currently holding the xtables lock',
    ])
    isBusy = false
    await setup.ensureRules()
    expect(setup.missing()).toEqual(['interface'])
  })

  it('tells a failure again after it was gone', async () => {
    let works = false
    const { setup, lines, counted } = setUp(() => (works ? OK : { ...ABSENT, status: 255, complaint: 'broken' }), {
      flags: ['-setupiptables=false'],
    })
    await setup.ensureInterface()
    works = true
    await setup.ensureInterface()
    works = false
    await setup.ensureInterface()
    expect(lines.filter((line) => line.includes('broken'))).toHaveLength(2)
    expect(counted).toEqual(['interface_add', 'interface_check'])
    expect(setup.missing()).toEqual(['interface'])
  })

  it('does nothing when it is told to set up nothing', async () => {
    const { setup, ran } = setUp(() => ABSENT, { flags: ['-setupiptables=false', '-setupinterface=false'] })
    await setup.ensureInterface()
    await setup.ensureRules()
    await setup.tearDown()
    expect({ ran, missing: setup.missing() }).toEqual({ ran: [], missing: [] })
  })
})
