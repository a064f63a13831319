// Counts what goes wrong on the node, under the names of NodeLocal DNSCache.
import type { Metrics } from '../server/index.ts'

const ERROR_TYPES = ['iptables', 'iptables_lock', 'interface_add', 'interface_check', 'configmap'] as const

export type SetupErrorType = (typeof ERROR_TYPES)[number]

/** Counts one failure. */
export type CountSetupError = (type: SetupErrorType) => void

/** Registers the counter with all its series at 0. */
export function createSetupErrors(metrics: Metrics): CountSetupError {
  const counter = metrics.counter({
    name: 'coredns_nodecache_setup_errors_total',
    help: 'The number of errors during periodic network setup for node-cache',
    labels: ['errortype'],
  })
  for (const type of ERROR_TYPES) counter.inc([type], 0)
  return (type) => counter.inc([type])
}
