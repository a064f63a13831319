// RBAC of whole clusters: what a service account such as CoreDNS's may read.
import { child, children, text, texts, type Json } from './json.ts'
import { readMeta } from './meta.ts'
import type { ClusterRole, ClusterRoleBinding } from './types.ts'

/** Reads a `rbac.authorization.k8s.io/v1` ClusterRole. */
export function readClusterRole(json: Json): ClusterRole {
  return {
    kind: 'ClusterRole',
    meta: readMeta(json),
    rules: children(json, 'rules').map((rule) => ({
      apiGroups: texts(rule, 'apiGroups'),
      resources: texts(rule, 'resources'),
      verbs: texts(rule, 'verbs'),
    })),
  }
}

/** Reads a `rbac.authorization.k8s.io/v1` ClusterRoleBinding. */
export function readClusterRoleBinding(json: Json): ClusterRoleBinding {
  return {
    kind: 'ClusterRoleBinding',
    meta: readMeta(json),
    role: text(child(json, 'roleRef'), 'name'),
    subjects: children(json, 'subjects').map((subject) => ({
      kind: text(subject, 'kind'),
      namespace: text(subject, 'namespace'),
      name: text(subject, 'name'),
    })),
  }
}
