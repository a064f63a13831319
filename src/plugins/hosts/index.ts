// The `hosts` plugin.
import type { Plugin } from '../../server/index.ts'
import { createHosts } from './handler.ts'
import { parseHosts, type HostsOptions } from './setup.ts'

export const hostsPlugin: Plugin<HostsOptions> = { name: 'hosts', parse: parseHosts, create: createHosts }
