// Other arguments for the node caches, as somebody gives them who edits their DaemonSet.
import { objectsAt, textsAt } from '../../cluster/raw-object.ts'
import type { RawObject } from '../../cluster/raw-object.ts'
import { nodeCachePods } from './dns-objects.ts'
import { corefileOf, replaceText, setField } from './edit-fault.ts'
import type { Edit } from './edit-fault.ts'
import type { FaultStage } from '../fault.ts'

type Args = readonly string[]

/** All node caches of a cluster. */
export function allNodeCaches(stage: FaultStage): RawObject[] {
  return [...stage.nodeFiles.keys()].flatMap((node) => nodeCachePods(stage, node))
}

/** Gives a node cache other arguments. */
export function changeArgs(pod: RawObject, change: (args: Args) => Args): Edit {
  const { namespace = '', name } = pod.metadata
  const args = objectsAt(pod, 'spec', 'containers').flatMap((container) => textsAt(container, 'args'))
  const path = ['spec', 'containers', 0, 'args']
  return setField({ apiVersion: 'v1', kind: 'Pod', namespace, name }, path, change(args))
}

/** Lets all node caches forward cluster names to the Service that their arguments name, as the upstream manifest does. */
export function forwardToNamedService(stage: FaultStage, change: (args: Args) => Args): Edit[] {
  const [from, to] = ['forward . 10.233.0.3 {', 'forward . __PILLAR__CLUSTER__DNS__ {']
  return [
    replaceText(corefileOf('nodelocaldns'), { from, to }),
    ...allNodeCaches(stage).map((pod) => changeArgs(pod, change)),
  ]
}
