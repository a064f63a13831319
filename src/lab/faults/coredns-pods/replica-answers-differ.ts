import { textMapAt } from '../../cluster/raw-object.ts'
import { CONFIG_MAP_TYPE } from '../../cluster/resource-types.ts'
import type { Fault } from '../fault.ts'
import { coreDnsPods, restartPods } from '../support/pods.ts'
import { ANSWERED, CONSOLE, NXDOMAIN, dig } from '../look.ts'

const COREFILE = '/etc/coredns/Corefile'

export const replicaAnswersDiffer: Fault = {
  name: 'replica-answers-differ',
  summary:
    'one CoreDNS replica runs an older Corefile without the reverse zones: PTR is NXDOMAIN there, right at the other',
  looks: [
    dig(CONSOLE, '@{coredns@node3} -x 10.233.0.1', { broken: NXDOMAIN, whole: ANSWERED }),
    dig(CONSOLE, '@{coredns@node4} -x 10.233.0.1', { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const odd = coreDnsPods(stage).at(-1)
    if (odd === undefined) return () => Promise.resolve()
    const map = stage.store.get(CONFIG_MAP_TYPE, odd.metadata.namespace, 'coredns')
    const text = textMapAt(map ?? {}, 'data')['Corefile'] ?? ''
    const older = text
      .replaceAll(/^(\s*kubernetes [^{\n]*?) in-addr\.arpa ip6\.arpa/gm, '$1')
      .replaceAll(/^\s*fallthrough in-addr\.arpa ip6\.arpa\n/gm, '')
    stage.overrideFile(odd, { path: COREFILE, text: older })
    await stage.restartPod(odd)
    return async () => {
      const changed = coreDnsPods(stage).filter((pod) => stage.overrideFile(pod, { path: COREFILE, text: undefined }))
      await restartPods(stage, changed)
    }
  },
  isThere: (stage) => coreDnsPods(stage).some((pod) => stage.overriddenFile(pod, COREFILE) !== undefined),
}
