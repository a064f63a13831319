// What faults can change in a loopback lab.
import type { FaultStage } from '../faults/fault.ts'
import type { LoopbackLab } from './loopback-lab.ts'

/** The stage that a lab in this process gives to faults. */
export function loopbackStage(lab: LoopbackLab): FaultStage {
  return {
    store: lab.store,
    nodeFiles: lab.nodeFiles,
    podStarted: (namespace, name) => lab.pods.whenStarted(namespace, name),
    restartPod: (namespace, name) => lab.pods.restart(namespace, name),
    crashPod: (namespace, name, why) => lab.pods.crash(namespace, name, why),
    overrideFile: (namespace, name, file) => lab.pods.overrideFile(namespace, name, file),
    setServiceRules: (node, present) => lab.proxy.setRules(node, present),
  }
}
