// The kubeconfig of a lab, as kubectl reads it.
import type { User } from './api/authorize.ts'

/** Who the lab's kubeconfig acts as: the cluster's administrator. */
export const ADMIN: User = { name: 'kubernetes-admin', groups: ['system:masters'] }

export interface KubeconfigOptions {
  readonly server: string
  /** PEM. */
  readonly caCertificate: string
  readonly token: string
  readonly user: string
}

/** Renders a kubeconfig with one cluster, one user and one context, all named like the lab. */
export function formatKubeconfig(name: string, options: KubeconfigOptions): string {
  const context = `${options.user}@${name}`
  return `apiVersion: v1
kind: Config
clusters:
- name: ${name}
  cluster:
    server: ${options.server}
    certificate-authority-data: ${Buffer.from(options.caCertificate).toString('base64')}
users:
- name: ${options.user}
  user:
    token: ${options.token}
contexts:
- name: ${context}
  context:
    cluster: ${name}
    user: ${options.user}
current-context: ${context}
preferences: {}
`
}
