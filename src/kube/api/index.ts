export type { ClusterAccess, ClusterTls, Credential, ExecPlugin, Impersonation } from './access.ts'
export {
  KubeClient,
  podLogPath,
  podProxyPath,
  type AccessQuestion,
  type KubeRequest,
  type KubeResponse,
} from './client.ts'
export { KubeApiError, type KubeApiErrorCode } from './error.ts'
export { execInPod, type ExecRequest, type ExecResult, type PodName } from './exec.ts'
export { describeRequest } from './failure.ts'
export { resolveAccess, type ClusterOptions, type Environment } from './kubeconfig.ts'
export { loadCluster } from './load-cluster.ts'
export { openPortForwards } from './port-forward.ts'
export {
  Watch,
  type ObjectKey,
  type RequestObservation,
  type WatchHandler,
  type WatchOptions,
  type WatchSource,
} from './watch.ts'
