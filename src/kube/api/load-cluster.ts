// From kubectl's options to a client.
import { KubeClient } from './client.ts'
import { resolveAccess, type ClusterOptions, type Environment } from './kubeconfig.ts'

/**
 * Finds the cluster as kubectl does and gives a client for it; nothing is sent yet.
 *
 * @throws {UsageError} there is no usable kubeconfig, or it lacks what the context names
 */
export async function loadCluster(options: ClusterOptions, environment: Environment): Promise<KubeClient> {
  return new KubeClient(await resolveAccess(options, environment), environment)
}
