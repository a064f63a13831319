// How to reach one cluster and as whom: what a kubeconfig context comes down to once it is resolved.

/** Everything needed to talk to one API server. Certificates are PEM text; nothing in here is ever printed. */
export interface ClusterAccess {
  /** Name of the context; empty for in-cluster credentials. */
  readonly context: string
  /** Name of the cluster entry. */
  readonly cluster: string
  /** Of the context; `default` when it has none. */
  readonly namespace: string
  /** Base URL without a final slash; it may hold a path, as Rancher's and Teleport's do. */
  readonly server: string
  /** Where this was read, for messages: `/root/.kube/config, context "prod"`. */
  readonly origin: string
  readonly tls: ClusterTls
  readonly credential: Credential
  readonly impersonate?: Impersonation
  /** `http://`, `https://` or `socks5://` proxy of the cluster entry; it wins over the environment's. */
  readonly proxyUrl?: string
}

export interface ClusterTls {
  /** Absent: the system's certificate authorities. */
  readonly ca?: string
  readonly insecureSkipVerify: boolean
  /** Name to verify and to send in SNI; absent: the URL's host. */
  readonly serverName?: string
  readonly cert?: string
  readonly key?: string
}

export interface Impersonation {
  readonly user: string
  readonly uid?: string
  readonly groups: readonly string[]
  readonly extra: Readonly<Record<string, readonly string[]>>
}

export type Credential =
  | { readonly kind: 'none' }
  | { readonly kind: 'token'; readonly token: string }
  /** Read again every minute: service account tokens rotate. */
  | {
      readonly kind: 'token-file'
      readonly path: string
      /** Reads the file in place of the system, where files are not this machine's. */
      readonly read?: ((path: string) => string) | undefined
    }
  | { readonly kind: 'basic'; readonly username: string; readonly password: string }
  | { readonly kind: 'exec'; readonly plugin: ExecPlugin }
  /** `oidc`, `gcp` or `azure`; `user` is the kubeconfig's entry as it stands. */
  | { readonly kind: 'auth-provider'; readonly provider: string; readonly user: Readonly<Record<string, unknown>> }

/** A `users[].user.exec` entry (client.authentication.k8s.io). */
export interface ExecPlugin {
  readonly apiVersion: string
  readonly command: string
  readonly args: readonly string[]
  readonly env: readonly { readonly name: string; readonly value: string }[]
  /** Shown when the command does not exist. */
  readonly installHint: string
  readonly provideClusterInfo: boolean
  /** `Never`, `IfAvailable` or `Always`. */
  readonly interactiveMode: string
  /** The cluster entry's `client.authentication.k8s.io/exec` extension. */
  readonly clusterConfig?: unknown
  /** Directory that a relative command with a slash starts from: the kubeconfig's. */
  readonly directory: string
}
