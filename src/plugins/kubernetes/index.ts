// The `kubernetes` plugin.
import type { Plugin } from '../../server/index.ts'
import { createKubernetes } from './instance.ts'
import { parseKubernetes, type KubernetesOptions } from './setup.ts'

export const kubernetesPlugin: Plugin<KubernetesOptions> = {
  name: 'kubernetes',
  parse: parseKubernetes,
  create: createKubernetes,
}
