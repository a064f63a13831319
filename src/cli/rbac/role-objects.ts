// The roles of a tier as Kubernetes objects, bound to somebody when somebody is named.
import { rulesUpTo } from './tiers.ts'
import type { RbacRule } from './tiers.ts'

export interface RoleOptions {
  readonly tier: number
  /** Of the roles and bindings. */
  readonly name: string
  readonly dnsNamespace: string
  /** Of the pods that are asked about; only tier 5 has rights there. */
  readonly applicationNamespace: string
  readonly subject?: RbacSubject | undefined
}

export interface RbacSubject {
  readonly kind: 'Group' | 'ServiceAccount' | 'User'
  readonly name: string
  /** Of a ServiceAccount. */
  readonly namespace?: string
}

/** A Role, ClusterRole or a binding of one. */
export interface RbacObject {
  readonly apiVersion: string
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly rules?: readonly RbacRule[]
  readonly roleRef?: { readonly apiGroup: string; readonly kind: string; readonly name: string }
  readonly subjects?: readonly (RbacSubject & { readonly apiGroup?: string })[]
}

const GROUP = 'rbac.authorization.k8s.io'

/** Makes the roles of a tier, each followed by its binding. */
export function roleObjects({ tier, name, dnsNamespace, applicationNamespace, subject }: RoleOptions): RbacObject[] {
  const inDns = rulesUpTo(tier, 'dns')
  const inApplication = rulesUpTo(tier, 'application')
  const roles =
    dnsNamespace === applicationNamespace
      ? [{ namespace: dnsNamespace, rules: [...inDns, ...inApplication] }]
      : [
          { namespace: dnsNamespace, rules: inDns },
          { namespace: applicationNamespace, rules: inApplication },
        ]
  return [
    ...bound({ name }, rulesUpTo(tier, 'cluster'), subject),
    ...roles
      .filter(({ rules }) => rules.length > 0)
      .flatMap(({ namespace, rules }) => bound({ name, namespace }, rules, subject)),
  ]
}

function bound(metadata: RbacObject['metadata'], rules: readonly RbacRule[], subject?: RbacSubject): RbacObject[] {
  const kind = metadata.namespace === undefined ? 'ClusterRole' : 'Role'
  const apiVersion = `${GROUP}/v1`
  const role: RbacObject = { apiVersion, kind, metadata, rules }
  if (subject === undefined) return [role]
  const roleRef = { apiGroup: GROUP, kind, name: metadata.name }
  const apiGroup = subject.kind === 'ServiceAccount' ? {} : { apiGroup: GROUP }
  return [role, { apiVersion, kind: `${kind}Binding`, metadata, roleRef, subjects: [{ ...subject, ...apiGroup }] }]
}
