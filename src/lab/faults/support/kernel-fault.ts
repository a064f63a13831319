// Faults that are packet-filter rules: inserted first in a chain, taken out one by one, and there as long as the kernel has any of them.
import { LabError } from '../../cluster/lab-error.ts'
import type { Fault, FaultStage, KernelPlace, KernelStage } from '../fault.ts'

/** One rule of a fault. */
export interface PlacedRule {
  readonly place: KernelPlace
  readonly table: string
  readonly chain: string
  /** Match and target, in words. */
  readonly rule: string
}

export interface RuleFaultOptions extends Omit<Fault, 'inject' | 'isThere'> {
  /** Which rules, and where; the first one given stands first. */
  readonly rules: (kernel: KernelStage, stage: FaultStage) => readonly PlacedRule[]
  /** What must happen before the cluster feels the rules, when they came and when they went. */
  readonly after?: (stage: FaultStage) => Promise<void>
}

/** A fault that consists of packet-filter rules. */
export function ruleFault({ rules, after, needs = 'netns', ...about }: RuleFaultOptions): Fault {
  return {
    ...about,
    needs,
    async inject(stage) {
      const kernel = kernelOf(stage)
      const placed = rules(kernel, stage)
      for (const rule of [...placed].reverse()) await changeRule(kernel, '-I', rule)
      await after?.(stage)
      return async () => {
        for (const rule of placed) if (await hasRule(kernel, rule)) await changeRule(kernel, '-D', rule)
        await after?.(stage)
      }
    },
    async isThere(stage) {
      const kernel = kernelOf(stage)
      for (const rule of rules(kernel, stage)) if (await hasRule(kernel, rule)) return true
      return false
    },
  }
}

/** @throws {LabError} `not-supported` on a lab without kernels of its own */
export function kernelOf({ kernel }: FaultStage): KernelStage {
  if (kernel !== undefined) return kernel
  throw new LabError('not-supported', 'The fault needs a lab of network namespaces')
}

/** Runs a command that must succeed. @throws {LabError} `not-supported` with its complaint */
export async function mustRunIn(
  kernel: KernelStage,
  place: KernelPlace,
  command: readonly string[],
  input?: string,
): Promise<string> {
  const { status, stdout, stderr } = await kernel.run(place, command, input)
  if (status === 0) return stdout
  throw new LabError('not-supported', `"${command.join(' ')}" failed: ${stderr.trim().split('\n')[0] ?? ''}`)
}

async function changeRule(
  kernel: KernelStage,
  verb: '-D' | '-I',
  { place, table, chain, rule }: PlacedRule,
): Promise<void> {
  await mustRunIn(kernel, place, ['iptables', '-w', '-t', table, verb, chain, ...rule.split(' ')])
}

async function hasRule(kernel: KernelStage, { place, table, chain, rule }: PlacedRule): Promise<boolean> {
  const { status } = await kernel.run(place, ['iptables', '-w', '-t', table, '-C', chain, ...rule.split(' ')])
  return status === 0
}
