import type { Plugin } from '../../server/index.ts'
import { createPrometheus } from './handler.ts'
import { parsePrometheus } from './setup.ts'
import type { PrometheusOptions } from './setup.ts'

/** `prometheus`: counts queries and shows all metrics. */
export const prometheusPlugin: Plugin<PrometheusOptions> = {
  name: 'prometheus',
  parse: parsePrometheus,
  create: createPrometheus,
}
