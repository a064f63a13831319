// Logs what went wrong behind an outcome, or counts it until the end of its period.
import { formatGoDuration } from '../../base/index.ts'
import type { Timer } from '../../base/index.ts'
import { rcodeNumber } from '../../dns/index.ts'
import { mapOutcome } from '../../server/index.ts'
import type { Outcome, PluginEnv, PluginInstance, Request } from '../../server/index.ts'
import type { Consolidation, ErrorsOptions } from './setup.ts'

/** Makes the plugin's instance; pending sums are logged when it closes. */
export function createErrors({ consolidations }: ErrorsOptions, env: PluginEnv): PluginInstance {
  const collectors = consolidations.map((consolidation) => createCollector(consolidation, env))

  function report(request: Request, outcome: Outcome): Outcome {
    const error = outcome.kind === 'drop' ? undefined : outcome.error
    if (error === undefined) return outcome
    const rcode = outcome.kind === 'status' ? outcome.rcode : outcome.kind === 'answer' ? outcome.message.rcode : ''
    const line = `${rcodeNumber(rcode) ?? 0} ${request.name} ${request.type}: ${error.message}`
    const collector = collectors.find((one) => one.matches(error.message))
    if (collector === undefined) env.log.error(line)
    else collector.take(line)
    return outcome
  }

  return {
    handler: (request, next) => mapOutcome(next(request), (outcome) => report(request, outcome)),
    // Answers with an error are never kept.
    hot: {},
    async close() {
      for (const collector of collectors) collector.flush()
    },
  }
}

interface Collector {
  matches(message: string): boolean
  take(line: string): void
  /** Ends the period now. */
  flush(): void
}

function createCollector({ pattern, periodMs, level, showFirst }: Consolidation, env: PluginEnv): Collector {
  let count = 0
  let timer: Timer | undefined

  function flush(): void {
    timer?.clear()
    timer = undefined
    if (count > 1 || (count === 1 && !showFirst)) {
      env.log[level](`${count} errors like '${pattern.source}' occurred in last ${formatGoDuration(periodMs)}`)
    }
    count = 0
  }

  return {
    matches: (message) => pattern.test(message),
    take(line) {
      count += 1
      if (count > 1) return
      timer = env.clock.setTimeout(flush, periodMs)
      timer.unref()
      if (showFirst) env.log[level](line)
    },
    flush,
  }
}
