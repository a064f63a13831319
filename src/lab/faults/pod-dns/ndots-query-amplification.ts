import { POD_TYPE } from '../../cluster/resource-types.ts'
import { askReplicas, keepAskingReplicas } from '../support/ask.ts'
import { addObject } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { CONSOLE, madeObject, run } from '../look.ts'
import { idlePod } from '../support/made-objects.ts'

/** In milliseconds. */
const ASK_EVERY_MS = 100
/** What the crawler has asked for before anybody looks. */
const NAMES_BEFORE = 400
/** What a resolver makes of an external name with ndots:5, in this order. */
const SUFFIXES = ['default.svc.cluster.local.', 'svc.cluster.local.', 'cluster.local.', '']

export const ndotsQueryAmplification: Fault = {
  name: 'ndots-query-amplification',
  summary:
    'the pod default/crawler asks for one external name after the other, each through its whole search list: most responses are NXDOMAIN',
  imitated: 'the questions come from a node, not from the pod',
  shownBy: ['--from', 'default/crawler', '--name', 'www.example.com'],
  looks: [
    run(CONSOLE, 'curl -sS http://{coredns@node3}:9153/metrics', {
      broken: /coredns_dns_responses_total\{[^}]*rcode="NXDOMAIN"[^}]*\} [1-9]\d+/,
    }),
    madeObject('pod', 'crawler'),
  ],
  async inject(stage) {
    const crawler = addObject(idlePod(stage, 'crawler', {}))
    crawler.make(stage)
    let count = 0
    const nextName = (): string => {
      const name = `www${Math.floor(count / SUFFIXES.length)}.example.com.${SUFFIXES[count % SUFFIXES.length] ?? ''}`
      count += 1
      return name
    }
    await askReplicas(stage, ...Array.from({ length: NAMES_BEFORE * SUFFIXES.length }, nextName))
    const stopAsking = keepAskingReplicas(stage, { nextName, everyMs: ASK_EVERY_MS })
    return () => {
      stopAsking()
      crawler.undo(stage)
      return Promise.resolve()
    }
  },
  isThere: ({ store }) => store.get(POD_TYPE, 'default', 'crawler') !== undefined,
}
