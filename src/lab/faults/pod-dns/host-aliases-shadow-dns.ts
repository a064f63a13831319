import { addObject, editFault } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { idlePod } from '../support/made-objects.ts'
import { madeObject, run } from '../look.ts'

export const hostAliasesShadowDns: Fault = editFault({
  name: 'host-aliases-shadow-dns',
  summary: 'a pod whose hostAliases give api.shop an old address: it never asks DNS for it',
  shownBy: ['--from', 'default/aliased', '--name', 'api.shop.svc.cluster.local'],
  looks: [
    run('default/aliased', 'getent hosts api.shop.svc.cluster.local', { broken: /^198\.51\.100\.9/ }),
    madeObject('pod', 'aliased'),
  ],
  edits: (stage) => [
    addObject(
      idlePod(stage, 'aliased', { hostAliases: [{ ip: '198.51.100.9', hostnames: ['api.shop.svc.cluster.local'] }] }),
    ),
  ],
})
