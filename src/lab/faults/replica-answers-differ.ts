import { textMapAt } from '../cluster/raw-object.ts'
import { CONFIG_MAP_TYPE } from '../cluster/resource-types.ts'
import type { Fault } from './fault.ts'
import { coreDnsPods } from './pods.ts'

const COREFILE = '/etc/coredns/Corefile'

export const replicaAnswersDiffer: Fault = {
  name: 'replica-answers-differ',
  summary:
    'one CoreDNS replica runs an older Corefile without the reverse zones: PTR is NXDOMAIN there, right at the other',
  async inject(stage) {
    const odd = coreDnsPods(stage).at(-1)
    if (odd === undefined) return () => Promise.resolve()
    const { name, namespace = 'default' } = odd.metadata
    const map = stage.store.get(CONFIG_MAP_TYPE, namespace, 'coredns')
    const text = textMapAt(map ?? {}, 'data')['Corefile'] ?? ''
    const older = text
      .replaceAll(/^(\s*kubernetes [^{\n]*?) in-addr\.arpa ip6\.arpa/gm, '$1')
      .replaceAll(/^\s*fallthrough in-addr\.arpa ip6\.arpa\n/gm, '')
    stage.overrideFile(namespace, name, { path: COREFILE, text: older })
    await stage.restartPod(namespace, name)
    return async () => {
      stage.overrideFile(namespace, name, { path: COREFILE, text: undefined })
      await stage.restartPod(namespace, name)
    }
  },
}
