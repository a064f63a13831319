// How the command line names a place to ask from.
import type { Environment } from '../../kube/api/index.ts'
import type { EphemeralConsent } from '../../vantage/index.ts'

/** As the command line gives it; at most one of `in`, `netns` and `pid`. */
export interface PlaceOptions {
  /** `POD`, `NAMESPACE/POD`, `node/NODE` or `here`. */
  readonly in?: string
  /** A namespace's file, or its name under /run/netns. */
  readonly netns?: string
  readonly pid?: string
  /** Name of a running lab; empty for the one that runs. */
  readonly lab?: string
  /** Namespace of a pod that is given without one; default `default`. */
  readonly namespace?: string
  /** Of the cluster that has the pod. */
  readonly kubeconfig?: string
  readonly context?: string
  readonly as?: string
  /** Whether commands may be run in the pod: what reads its resolv.conf from afar. */
  readonly allowExec?: boolean
  /** Consent to add a container to the pod. */
  readonly ephemeral?: EphemeralConsent | undefined
  /** Where a kubeconfig is found; default: this process's environment. */
  readonly env?: Environment
}
