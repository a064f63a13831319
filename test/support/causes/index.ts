// For every cause one cluster that has it, and near-misses: clusters that look like it and must not be called it.
import type { CauseCode } from '../../../src/doctor/causes/index.ts'
import { client } from './client.ts'
import { corednsPods } from './coredns-pods.ts'
import { corefile } from './corefile.ts'
import { falseAlarm } from './false-alarm.ts'
import { network } from './network.ts'
import { nodeCache } from './node-cache.ts'
import { podDns } from './pod-dns.ts'
import { records } from './records.ts'
import { service } from './service.ts'
import { upstream } from './upstream.ts'
import type { CauseFixtures } from './fixture.ts'

export const CAUSE_FIXTURES: Readonly<Record<CauseCode, CauseFixtures>> = {
  ...service,
  ...corednsPods,
  ...corefile,
  ...upstream,
  ...podDns,
  ...network,
  ...nodeCache,
  ...records,
  ...client,
  ...falseAlarm,
}
