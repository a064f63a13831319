// Brings the node into the state that the plan says, again and again: interface, addresses, rules. Failures are told and counted,
// never fatal: what can be served is served.
import { describeError } from '../base/index.ts'
import type { Clock } from '../base/index.ts'
import { capabilityHint } from './capabilities.ts'
import type { Capability } from './capabilities.ts'
import type { RunCommand } from './command.ts'
import type { NodeCacheFlags } from './flags.ts'
import { ensureInterface, removeAddress, removeInterface } from './interface.ts'
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
  /** Whether this process made the interface or put an address on it. */
  hasMade(): boolean
  /** After a start that failed: deletes what this process made, and nothing that it found. Rules come after the start. */
  undo(): Promise<void>
  /** What the last rounds could not do. */
  missing(): readonly SetupPart[]
}

export interface NodeSetupOptions {
  readonly flags: NodeCacheFlags
  readonly run: RunCommand
  /** Those of `wanted` that this process lacks. */
  readonly lacks: (wanted: readonly Capability[]) => readonly Capability[]
  readonly clock: Clock
  /** Writes one log line, `[LEVEL] …`. */
  readonly say: (line: string) => void
  readonly count: CountSetupError
}

/** Makes the set-up of one node; nothing is done yet. */
export function createNodeSetup({ flags, run, lacks, clock, say, count }: NodeSetupOptions): NodeSetup {
  const { localAddresses, interfaceName: name } = flags
  const rules = flags.setupIptables ? planRules(flags) : []
  let isLocked = false
  const tools: IptablesTools = {
    run,
    clock,
    onLocked: () => {
      isLocked = true
      count('iptables_lock')
    },
  }
  let madeInterface = false
  const madeAddresses = new Set<string>()
  const missing = new Set<SetupPart>()
  if (flags.setupInterface) missing.add('interface')
  if (flags.setupIptables) missing.add('iptables')
  const complaints = { interface: new Set<string>(), iptables: new Set<string>() }

  /** What goes wrong at every check is told when it begins to. */
  function tell(part: SetupPart, now: ReadonlySet<string>): void {
    const known = new Set([...complaints.interface, ...complaints.iptables])
    complaints[part] = new Set(now)
    for (const complaint of now) if (!known.has(complaint)) say(`[ERROR] ${complaint}`)
  }

  /** One line for both parts when the process may not do either. */
  function whyNotAllowed(): string | undefined {
    const hint = capabilityHint(lacks(flags.setupIptables ? ['NET_ADMIN', 'NET_RAW'] : ['NET_ADMIN']))
    if (hint === '') return undefined
    const what = [
      ...(flags.setupInterface ? [`interface ${name}`] : []),
      ...(flags.setupIptables ? ['the rules of iptables'] : []),
    ]
    return `Cannot set up ${what.join(' and ')}${hint}; what can be served is served`
  }

  return {
    async ensureInterface() {
      if (!flags.setupInterface) return
      const failures = new Set<string>()
      try {
        const { created, added } = await ensureInterface({ name, addresses: localAddresses, run })
        madeInterface ||= created
        for (const address of added) madeAddresses.add(address)
        if (created) say(`[INFO] Added interface - ${name}`)
        for (const address of added) say(`[INFO] Added address ${address} to interface ${name}`)
        missing.delete('interface')
      } catch (error) {
        count(missing.has('interface') ? 'interface_add' : 'interface_check')
        missing.add('interface')
        failures.add((lacks(['NET_ADMIN']).length > 0 ? whyNotAllowed() : undefined) ?? describeError(error))
      }
      tell('interface', failures)
    },
    async ensureRules() {
      if (rules.length === 0) return
      const failures = new Set<string>()
      const notAllowed = whyNotAllowed()
      if (notAllowed !== undefined) {
        count('iptables')
        failures.add(notAllowed)
      } else {
        for (const rule of rules) {
          isLocked = false
          try {
            if (await ensureRule(rule, tools)) say(`[INFO] Added back nodelocaldns rule - ${formatRule(rule)}`)
          } catch (error) {
            count('iptables')
            failures.add(describeError(error))
            // The others would wait for it just as long, one after the other.
            if (isLocked) break
          }
        }
      }
      if (failures.size > 0) missing.add('iptables')
      else missing.delete('iptables')
      tell('iptables', failures)
    },
    async tearDown() {
      // Who may not add cannot have added.
      if (lacks(['NET_ADMIN']).length > 0) return
      const failures = new Set<string>()
      for (const rule of rules) {
        await removeRule(rule, tools).catch((error: unknown) => failures.add(describeError(error)))
      }
      if (flags.setupInterface) {
        await removeInterface({ name, run }).catch((error: unknown) => failures.add(describeError(error)))
      }
      for (const failure of failures) say(`[ERROR] Failed to tear down: ${failure}`)
    },
    hasMade: () => madeInterface || madeAddresses.size > 0,
    async undo() {
      try {
        if (madeInterface) await removeInterface({ name, run })
        else for (const address of madeAddresses) await removeAddress(address, { name, run })
      } catch (error) {
        say(`[ERROR] Failed to tear down: ${describeError(error)}`)
      }
    },
    missing: () => [...missing],
  }
}
