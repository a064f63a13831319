// All controllers of a lab: they look again at what a change concerns, one after the other, until nothing changes any more.
import type { ControllerOptions } from './controller-options.ts'
import { runEndpointControllers } from './endpoints.ts'
import { runScheduler } from './scheduler.ts'
import { runWorkloadControllers } from './workloads.ts'

/** Starts every controller; the result ends them. */
export function runControllers(options: ControllerOptions): () => void {
  const endings = [runEndpointControllers(options.store), runScheduler(options), runWorkloadControllers(options.store)]
  return () => {
    for (const end of endings) end()
  }
}
