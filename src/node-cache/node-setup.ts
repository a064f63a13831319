// Brings the node into the state that the plan says, again and again: interface, addresses, rules. Failures are told and counted,
// never fatal: what can be served is served.
import { describeError } from '../base/index.ts'
import type { Clock } from '../base/index.ts'
import type { RunCommand } from './command.ts'
import type { NodeCacheFlags } from './flags.ts'
import { ensureInterface, removeInterface } from './interface.ts'
import { ensureRule, removeRule } from './iptables.ts'
import type { IptablesTools } from './iptables.ts'
import { formatRule, planRules } from './rules.ts'
import type { CountSetupError } from './setup-errors.ts'

/** The parts of the set-up that are not in place, by name; what readiness waits for. */
export type SetupPart = 'interface' | 'iptables'

export interface NodeSetup {
  /** Adds addresses, and the interface if need be. */
  ensureInterface(): Promise<void>
  /** Adds the rules that are missing. */
  ensureRules(): Promise<void>
  /** Deletes rules and interface. */
  tearDown(): Promise<void>
  /** What the last rounds could not do. */
  missing(): readonly SetupPart[]
}

export interface NodeSetupOptions {
  readonly flags: NodeCacheFlags
  readonly run: RunCommand
  readonly clock: Clock
  /** Writes one log line, `[LEVEL] …`. */
  readonly say: (line: string) => void
  readonly count: CountSetupError
}

/** Makes the set-up of one node; nothing is done yet. */
export function createNodeSetup({ flags, run, clock, say, count }: NodeSetupOptions): NodeSetup {
  const { localAddresses, interfaceName: name } = flags
  const rules = flags.setupIptables ? planRules(flags) : []
  const tools: IptablesTools = { run, clock, onLocked: () => count('iptables_lock') }
  const missing = new Set<SetupPart>()
  if (flags.setupInterface) missing.add('interface')
  if (flags.setupIptables) missing.add('iptables')

  return {
    async ensureInterface() {
      if (!flags.setupInterface) return
      try {
        const { created, added } = await ensureInterface({ name, addresses: localAddresses, run })
        if (created) say(`[INFO] Added interface - ${name}`)
        for (const address of added) say(`[INFO] Added address ${address} to interface ${name}`)
        missing.delete('interface')
      } catch (error) {
        count(missing.has('interface') ? 'interface_add' : 'interface_check')
        missing.add('interface')
        say(`[ERROR] ${describeError(error)}`)
      }
    },
    async ensureRules() {
      const complaints = new Set<string>()
      for (const rule of rules) {
        try {
          if (await ensureRule(rule, tools)) say(`[INFO] Added back nodelocaldns rule - ${formatRule(rule)}`)
        } catch (error) {
          count('iptables')
          complaints.add(describeError(error))
        }
      }
      for (const complaint of complaints) say(`[ERROR] ${complaint}`)
      if (complaints.size > 0) missing.add('iptables')
      else missing.delete('iptables')
    },
    async tearDown() {
      const failures = new Set<string>()
      for (const rule of rules) {
        await removeRule(rule, tools).catch((error: unknown) => failures.add(describeError(error)))
      }
      if (flags.setupInterface) {
        await removeInterface({ name, run }).catch((error: unknown) => failures.add(describeError(error)))
      }
      for (const failure of failures) say(`[ERROR] Failed to tear down: ${failure}`)
    },
    missing: () => [...missing],
  }
}
