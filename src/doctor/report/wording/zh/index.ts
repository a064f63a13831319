import type { Wording } from '../wording.ts'
import { client, clientFixes, clientPhrases } from './client.ts'
import { corednsPods, corednsPodsFixes } from './coredns-pods.ts'
import { corefile, corefileFixes } from './corefile.ts'
import { falseAlarm, falseAlarmFixes } from './false-alarm.ts'
import { labels } from './labels.ts'
import { network, networkFixes, networkPhrases } from './network.ts'
import { nodeCache, nodeCacheFixes } from './node-cache.ts'
import { phrases } from './phrases.ts'
import { podDns, podDnsFixes } from './pod-dns.ts'
import { records, recordsFixes } from './records.ts'
import { service, serviceFixes } from './service.ts'
import { upstream, upstreamFixes, upstreamPhrases } from './upstream.ts'

export const zh: Wording = {
  causes: {
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
  },
  fixes: {
    ...serviceFixes,
    ...corednsPodsFixes,
    ...corefileFixes,
    ...upstreamFixes,
    ...podDnsFixes,
    ...networkFixes,
    ...nodeCacheFixes,
    ...recordsFixes,
    ...clientFixes,
    ...falseAlarmFixes,
  },
  phrases: { ...phrases, ...upstreamPhrases, ...networkPhrases, ...clientPhrases },
  labels,
}
