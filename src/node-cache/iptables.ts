// Puts packet-filter rules in place and takes them away, through the `iptables` and `ip6tables` programs in whichever flavor
// (legacy or nft) the system has. Every step may be repeated.
import { UsageError } from '../base/index.ts'
import type { Clock } from '../base/index.ts'
import type { CommandResult, RunCommand } from './command.ts'
import type { Rule } from './rules.ts'

/** What the work needs. */
export interface IptablesTools {
  readonly run: RunCommand
  readonly clock: Clock
  /** Told each time the lock was busy. */
  readonly onLocked: () => void
}

/** What `iptables` answers when another program holds its lock for too long. */
const LOCK_BUSY = 4
/** How long the program itself waits for it each time; without a number it would wait for ever. */
const LOCK_WAIT_S = 1
const LOCK_TRIES = 3
const LOCK_PAUSE_MS = 200
/** A rule that stands more often than this is being added by somebody else all the time. */
const MAX_DELETIONS = 64

/**
 * Puts a rule in front of its chain unless it is there.
 *
 * @returns whether it had to be added
 * @throws {UsageError} with the program's complaint
 */
export async function ensureRule(rule: Rule, tools: IptablesTools): Promise<boolean> {
  const check = await iptables(rule, '-C', tools)
  if (check.status === 0) return false
  if (check.status !== 1) throw failure(rule, 'check', check)
  const added = await iptables(rule, '-I', tools)
  if (added.status !== 0) throw failure(rule, 'add', added)
  return true
}

/**
 * Deletes a rule as often as it stands.
 *
 * @throws {UsageError} with the program's complaint
 */
export async function removeRule(rule: Rule, tools: IptablesTools): Promise<void> {
  for (let deleted = 0; deleted < MAX_DELETIONS; deleted += 1) {
    const check = await iptables(rule, '-C', tools)
    if (check.status === 1) return
    if (check.status !== 0) throw failure(rule, 'check', check)
    const gone = await iptables(rule, '-D', tools)
    if (gone.status !== 0 && gone.status !== 1) throw failure(rule, 'delete', gone)
  }
}

async function iptables(rule: Rule, command: '-C' | '-D' | '-I', tools: IptablesTools): Promise<CommandResult> {
  const args = [
    '-w',
    String(LOCK_WAIT_S),
    '-t',
    rule.table,
    command,
    rule.chain,
    ...(command === '-I' ? ['1'] : []),
    ...rule.args,
  ]
  for (let attempt = 1; ; attempt += 1) {
    const result = await tools.run(programOf(rule), args)
    // The nft flavor has the same status for missing privileges, which no patience heals.
    if (result.status !== LOCK_BUSY || /denied|not permitted/.test(result.complaint)) return result
    tools.onLocked()
    if (attempt >= LOCK_TRIES) return result
    await pause(tools.clock, LOCK_PAUSE_MS * attempt)
  }
}

function programOf({ family }: Rule): string {
  return family === 6 ? 'ip6tables' : 'iptables'
}

function failure(rule: Rule, verb: string, { complaint }: CommandResult): UsageError {
  return new UsageError(
    'bad-configuration',
    `Cannot ${verb} the rule of ${programOf(rule)} in ${rule.table} ${rule.chain}: ${complaint}`,
  )
}

function pause(clock: Clock, ms: number): Promise<void> {
  return new Promise((resolve) => {
    clock.setTimeout(resolve, ms)
  })
}
