// The places of a loopback lab: its nodes and pods, with their files.
import type { Endpoint } from '../../net/exchange-result.ts'
import type { Place } from '../../vantage/index.ts'
import type { LabPlaces } from '../lab-vantage.ts'
import { NODE_TYPE, POD_TYPE } from '../cluster/resource-types.ts'
import type { LoopbackLab } from './loopback-lab.ts'
import { readPodFile } from './pod-file.ts'
import { originOf } from './pod-runner.ts'
import type { Origin } from './switchboard.ts'

/** Answers for the places of a lab in this process. */
export function loopbackPlaces(lab: LoopbackLab): LabPlaces {
  return {
    resolve(place: Place, endpoint: Endpoint) {
      const origin = originOfPlace(lab, place)
      return Promise.resolve(origin === undefined ? undefined : lab.switchboard.resolve(origin, endpoint))
    },
    readFile: (place, path) => Promise.resolve(readFile(lab, place, path)),
  }
}

function originOfPlace(lab: LoopbackLab, place: Place): Origin | undefined {
  if (place.kind === 'pod') {
    const pod = lab.store.get(POD_TYPE, place.namespace, place.name)
    return pod === undefined ? undefined : originOf(pod)
  }
  return lab.originOfNode(nodeName(lab, place))
}

function readFile(lab: LoopbackLab, place: Place, path: string): string | undefined {
  if (place.kind !== 'pod') return lab.nodeFiles.get(nodeName(lab, place))?.get(path)
  const pod = lab.store.get(POD_TYPE, place.namespace, place.name)
  if (pod === undefined) return undefined
  return readPodFile(lab, pod, path)
}

function nodeName(lab: LoopbackLab, place: Exclude<Place, { kind: 'pod' }>): string {
  return place.kind === 'node' ? place.name : (lab.store.list(NODE_TYPE)[0]?.metadata.name ?? '')
}
