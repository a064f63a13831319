export { ApiServer, type ApiServerOptions } from './cluster/api/api-server.ts'
export { createStore } from './cluster/cluster-state.ts'
export { type ClusterDescription, type UpstreamDescription, readDescription } from './cluster/description.ts'
export { ADMIN } from './cluster/kubeconfig.ts'
export { LabError, type LabErrorCode } from './cluster/lab-error.ts'
export type { ObjectStore } from './cluster/object-store.ts'
export { type LogLine, NO_PODS, type PodAccess, type PodLog } from './cluster/pod-access.ts'
export type { Fault } from './faults/fault.ts'
export { FAULTS } from './faults/index.ts'
export type { Look } from './faults/look.ts'
export { unfilled } from './faults/look.ts'
export { NOT_STAGED } from './faults/not-staged.ts'
export { LoopbackLab } from './loopback/loopback-lab.ts'
export { type AttachedLab, attachLab } from './register/attach.ts'
export { callLab } from './register/call-lab.ts'
export { type LabStatus, callControl } from './register/control.ts'
export {
  DEFAULT_LAB,
  type LabState,
  clearUnfinished,
  createLabFolder,
  isAlive,
  labPaths,
  listLabs,
  readLab,
  removeLab,
} from './register/lab-folder.ts'
export { journalPid as labProcess } from './netns/journal.ts'
export { clearKilledLab, killedLabs } from './register/killed-labs.ts'
export { verifiedLab } from './register/verified-lab.ts'
export { type RunOptions, type RunningLab, referenceCluster, runLab } from './register/run-lab.ts'
export { type FaultVerification, verifyFault } from './verify/verify-fault.ts'
