// Objects that faults put into a cluster: pods that run and do nothing, Services.
import type { Json } from '../../kube/objects/index.ts'
import { LabError } from '../cluster/lab-error.ts'
import { objectAt, textAt } from '../cluster/raw-object.ts'
import type { RawObject } from '../cluster/raw-object.ts'
import { POD_TYPE } from '../cluster/resource-types.ts'
import { deadAddressBeside } from './dead-address.ts'
import type { FaultStage } from './fault.ts'

/** A pod that runs beside default/console, on its node, with other settings. @throws {LabError} `not-supported` without console */
export function idlePod(stage: FaultStage, name: string, spec: Json): RawObject {
  const console = stage.store.get(POD_TYPE, 'default', 'console')
  if (console === undefined) throw new LabError('not-supported', 'Cannot inject the fault: there is no default/console')
  const status = objectAt(console, 'status')
  const onHost = spec['hostNetwork'] === true
  const podIP = onHost ? textAt(status, 'hostIP') : deadAddressBeside(stage, textAt(status, 'podIP'))
  return {
    ...console,
    metadata: { name, namespace: 'default', labels: { run: name } },
    spec: { ...objectAt(console, 'spec'), ...spec },
    status: { ...status, podIP, podIPs: [{ ip: podIP }] },
  }
}

/** A Service of namespace default. */
export function serviceObject(name: string, spec: Json): RawObject {
  return { apiVersion: 'v1', kind: 'Service', metadata: { name, namespace: 'default' }, spec }
}
