// Reorders the records of positive responses on their way out, those from the cache too.
import { describeError, randomBelow } from '../../base/index.ts'
import type { Timer } from '../../base/index.ts'
import type { Message, ResourceRecord } from '../../dns/index.ts'
import { goFileError, mapOutcome } from '../../server/index.ts'
import type { Outcome, PluginEnv, PluginInstance, Request } from '../../server/index.ts'
import { frontByWeight, orderRecords, preferBlocks, shuffle } from './order.ts'
import type { Draw } from './order.ts'
import type { LoadbalanceOptions, WeightedOptions } from './setup.ts'
import { parseWeights } from './weights.ts'
import type { Weights } from './weights.ts'

const TRANSFERS: readonly string[] = ['AXFR', 'IXFR']
/** The types whose order weights decide. */
const WEIGHTED_TYPES: readonly string[] = ['A', 'AAAA', 'SRV']

/** Makes the plugin's instance. */
export function createLoadbalance(
  options: LoadbalanceOptions,
  env: PluginEnv,
  draw: Draw = randomBelow,
): PluginInstance {
  const { weighted, preferred } = options
  const weights = weighted === undefined ? undefined : createWeightFile(weighted, env)

  function reorder(addresses: ResourceRecord[]): void {
    if (weights === undefined) shuffle(addresses, draw)
    else frontByWeight(addresses, { weightOf: (record) => weightOf(weights.current(), record), draw })
    if (preferred.length > 0) preferBlocks(addresses, preferred)
  }
  const orders = {
    addresses: reorder,
    mx: (records: ResourceRecord[]) => {
      if (weights === undefined) shuffle(records, draw)
    },
  }

  function balance(request: Request, outcome: Outcome): Outcome {
    if (outcome.kind !== 'answer' || outcome.message.rcode !== 'NOERROR') return outcome
    if (TRANSFERS.includes(request.type)) return outcome
    if (weights !== undefined && preferred.length === 0 && !WEIGHTED_TYPES.includes(request.type)) return outcome
    const { message } = outcome
    const answer = orderRecords(message.answer, orders)
    const additional = orderRecords(message.additional, orders)
    if (answer === message.answer && additional === message.additional) return outcome
    const ordered: Message = { ...message, answer, additional }
    return { ...outcome, message: ordered }
  }

  return {
    handler: (request, next) => mapOutcome(next(request), (outcome) => balance(request, outcome)),
    // Weights and preferred blocks have orders of their own.
    ...(weights === undefined && preferred.length === 0 ? { hot: { shuffles: true } } : {}),
    ...(weights === undefined ? {} : { start: weights.start, close: weights.close }),
  }
}

function weightOf(weights: Weights, { name, rdata }: ResourceRecord): number {
  if (rdata.type !== 'A' && rdata.type !== 'AAAA') return 1
  return weights.get(name.toLowerCase())?.get(rdata.address) ?? 1
}

// --- The file of weights ---

interface WeightFile {
  readonly current: () => Weights
  readonly start: () => Promise<void>
  readonly close: () => Promise<void>
}

function createWeightFile({ file, reloadMs }: WeightedOptions, env: PluginEnv): WeightFile {
  let weights: Weights = new Map()
  let text: string | undefined
  let timer: Timer | undefined
  let closed = false

  /** Why the file cannot be opened; undefined when it was read. @throws {UsageError} for what stands in it */
  function read(): string | undefined {
    let next: string
    try {
      next = env.files.readText(file)
    } catch (error) {
      return goFileError(file, error)
    }
    if (next === text) return undefined
    weights = parseWeights(next, file)
    text = next
    env.log.info(`Successfully reloaded weight file ${file}`)
    return undefined
  }

  function schedule(): void {
    if (reloadMs <= 0 || closed) return
    timer = env.clock.setTimeout(() => {
      try {
        const missing = read()
        if (missing !== undefined) env.log.error(missing)
      } catch (error) {
        env.log.error(describeError(error))
      }
      schedule()
    }, reloadMs)
    timer.unref()
  }

  return {
    current: () => weights,
    async start() {
      const missing = read()
      if (missing !== undefined) {
        if (reloadMs <= 0) throw new Error(`plugin/loadbalance: ${missing}`)
        env.log.warning(`Failed to open weight file: ${missing}. Will try again in ${reloadMs / 1000}s`)
      }
      schedule()
    },
    async close() {
      closed = true
      timer?.clear()
    },
  }
}
