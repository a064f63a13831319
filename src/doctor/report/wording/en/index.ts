import type { Wording } from '../wording.ts'
import { corednsPods, corednsPodsFixes } from './coredns-pods.ts'
import { labels } from './labels.ts'
import { phrases } from './phrases.ts'
import { records, recordsFixes } from './records.ts'
import { service, serviceFixes } from './service.ts'
import { upstream, upstreamFixes } from './upstream.ts'

export const en: Wording = {
  causes: {
    ...service,
    ...corednsPods,
    ...upstream,
    ...records,
  },
  fixes: {
    ...serviceFixes,
    ...corednsPodsFixes,
    ...upstreamFixes,
    ...recordsFixes,
  },
  phrases,
  labels,
}
