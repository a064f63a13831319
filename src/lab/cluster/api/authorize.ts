// Who asks, and what they may do: bearer tokens, impersonation, RBAC from the Role and ClusterRole objects in the store.
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders } from 'node:http'
import type { Json } from '../../../kube/objects/index.ts'
import type { ObjectStore } from '../object-store.ts'
import { objectAt, objectsAt, textAt, textsAt } from '../raw-object.ts'
import type { RawObject } from '../raw-object.ts'
import { resourceTypeOf } from '../resource-types.ts'
import type { ResourceType } from '../resource-types.ts'
import { ApiError } from './api-error.ts'

export interface User {
  readonly name: string
  readonly groups: readonly string[]
}

/** What somebody wants to do, in RBAC's terms. */
export interface Attributes {
  readonly verb: string
  readonly group: string
  /** With its subresource: `pods/log`. */
  readonly resource: string
  readonly namespace: string
  readonly name: string
}

/** Members may do everything, whatever the roles say. */
const MASTERS = 'system:masters'
const AUTHENTICATED = 'system:authenticated'
const SERVICE_ACCOUNT = /^system:serviceaccount:([^:]+):([^:]+)$/

export interface RbacRule {
  readonly verbs: readonly string[]
  readonly apiGroups: readonly string[]
  readonly resources: readonly string[]
  readonly resourceNames: readonly string[]
}

/** Knows every token that this server ever gave out: a token names its user and is signed with a key that lives as long as the server. */
export class Authenticator {
  readonly #key = randomBytes(32)

  /** Makes the token of a user; a service account's user is `system:serviceaccount:NAMESPACE:NAME`. */
  issueToken(user: User): string {
    const claim = Buffer.from(JSON.stringify([user.name, user.groups])).toString('base64url')
    return `${claim}.${this.#sign(claim)}`
  }

  /** The user behind a request; a present but wrong token is refused, an absent one is the anonymous user. @throws {ApiError} `Unauthorized` */
  userOf(headers: IncomingHttpHeaders): User {
    const token = /^Bearer\s+(\S+)$/i.exec(headers.authorization ?? '')?.[1]
    if (token === undefined) return { name: 'system:anonymous', groups: ['system:unauthenticated'] }
    const [claim = '', signature = ''] = token.split('.')
    const expected = Buffer.from(this.#sign(claim))
    const given = Buffer.from(signature)
    if (given.length !== expected.length || !timingSafeEqual(given, expected)) {
      throw new ApiError('Unauthorized', 'Unauthorized')
    }
    const [name, groups] = JSON.parse(Buffer.from(claim, 'base64url').toString()) as [string, string[]]
    return withImpliedGroups({ name, groups })
  }

  #sign(claim: string): string {
    return createHmac('sha256', this.#key).update(claim).digest('base64url')
  }
}

/** The user a request acts as: itself, or the one named by impersonation headers (`kubectl --as`). @throws {ApiError} `Forbidden` */
export function actingUser(user: User, headers: IncomingHttpHeaders, store: ObjectStore): User {
  const name = headerText(headers['impersonate-user'])
  if (name === undefined) return user
  const attributes = { verb: 'impersonate', group: '', resource: 'users', namespace: '', name }
  if (!isAllowed(user, attributes, store)) throw forbidden(user, attributes)
  const groups = headers['impersonate-group'] ?? []
  return withImpliedGroups({ name, groups: typeof groups === 'string' ? groups.split(/,\s*/) : groups })
}

/** Whether the user may do it, by the roles bound now. */
export function isAllowed(user: User, attributes: Attributes, store: ObjectStore): boolean {
  if (user.groups.includes(MASTERS)) return true
  return rulesOf(user, attributes.namespace, store).some((rule) => permits(rule, attributes))
}

/** Every rule that holds for a user in a namespace; with an empty namespace, those that hold everywhere. */
export function rulesOf(user: User, namespace: string, store: ObjectStore): RbacRule[] {
  if (user.groups.includes(MASTERS)) {
    return [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'], resourceNames: [] }]
  }
  const bindings = [
    ...store.list(rbacType('ClusterRoleBinding')),
    ...(namespace === '' ? [] : store.list(rbacType('RoleBinding'), namespace)),
  ]
  const bound = bindings.filter((binding) => objectsAt(binding, 'subjects').some((subject) => isSubject(subject, user)))
  return [...BASIC_RULES, ...bound.flatMap((binding) => roleRules(binding, store))]
}

/** The refusal as RBAC words it. */
export function forbidden(user: User, attributes: Attributes): ApiError {
  const { verb, resource, group, namespace, name } = attributes
  const subject = name === '' ? '' : ` "${name}"`
  const plural = resource.split('/')[0] ?? resource
  const scope = namespace === '' ? 'at the cluster scope' : `in the namespace "${namespace}"`
  const qualified = group === '' ? plural : `${plural}.${group}`
  return new ApiError(
    'Forbidden',
    `${qualified}${subject} is forbidden: User "${user.name}" cannot ${verb} resource "${resource}" in API group "${group}" ${scope}`,
    { ...(name === '' ? {} : { name }), group, kind: plural },
  )
}

/** What the role `system:basic-user` gives everybody who is authenticated. */
const BASIC_RULES: readonly RbacRule[] = [
  {
    verbs: ['create'],
    apiGroups: ['authorization.k8s.io'],
    resources: ['selfsubjectaccessreviews', 'selfsubjectrulesreviews'],
    resourceNames: [],
  },
]

function permits(rule: RbacRule, { verb, group, resource, name }: Attributes): boolean {
  const subresource = resource.split('/')[1]
  return (
    includesOrAll(rule.verbs, verb) &&
    includesOrAll(rule.apiGroups, group) &&
    (includesOrAll(rule.resources, resource) ||
      (subresource !== undefined && rule.resources.includes(`*/${subresource}`))) &&
    (rule.resourceNames.length === 0 || rule.resourceNames.includes(name))
  )
}

function roleRules(binding: RawObject, store: ObjectStore): RbacRule[] {
  const kind = textAt(binding, 'roleRef', 'kind')
  const name = textAt(binding, 'roleRef', 'name')
  if (kind !== 'ClusterRole' && kind !== 'Role') return []
  const role = store.get(rbacType(kind), binding.metadata.namespace, name)
  return role === undefined ? [] : objectsAt(role, 'rules').map(readRule)
}

function readRule(rule: Json): RbacRule {
  return {
    verbs: textsAt(rule, 'verbs'),
    apiGroups: textsAt(rule, 'apiGroups'),
    resources: textsAt(rule, 'resources'),
    resourceNames: textsAt(rule, 'resourceNames'),
  }
}

function isSubject(subject: Json, user: User): boolean {
  const name = textAt(subject, 'name')
  switch (textAt(subject, 'kind')) {
    case 'User':
      return name === user.name
    case 'Group':
      return user.groups.includes(name)
    case 'ServiceAccount':
      return user.name === `system:serviceaccount:${textAt(subject, 'namespace')}:${name}`
    default:
      return false
  }
}

function withImpliedGroups(user: User): User {
  const [, namespace] = SERVICE_ACCOUNT.exec(user.name) ?? []
  const implied = namespace === undefined ? [] : ['system:serviceaccounts', `system:serviceaccounts:${namespace}`]
  return { name: user.name, groups: [...new Set([...user.groups, ...implied, AUTHENTICATED])] }
}

function rbacType(kind: string): ResourceType {
  const type = resourceTypeOf('rbac.authorization.k8s.io/v1', kind)
  if (type === undefined) throw new TypeError(`No RBAC kind "${kind}"`)
  return type
}

function includesOrAll(list: readonly string[], value: string): boolean {
  return list.includes('*') || list.includes(value)
}

function headerText(header: string | readonly string[] | undefined): string | undefined {
  return typeof header === 'string' ? header : header?.[0]
}

/** Answers a SelfSubjectAccessReview or SelfSubjectRulesReview. @throws {ApiError} `BadRequest` */
export function review(type: ResourceType, request: RawObject, user: User, store: ObjectStore): Json {
  if (type.kind === 'SelfSubjectRulesReview') {
    const resourceRules = rulesOf(user, textAt(request, 'spec', 'namespace'), store).map((rule) => ({
      verbs: rule.verbs,
      apiGroups: rule.apiGroups,
      resources: rule.resources,
      ...(rule.resourceNames.length > 0 ? { resourceNames: rule.resourceNames } : {}),
    }))
    return { ...request, status: { resourceRules, nonResourceRules: [], incomplete: false } }
  }
  const spec = objectAt(request, 'spec', 'resourceAttributes')
  const subresource = textAt(spec, 'subresource')
  const attributes = {
    verb: textAt(spec, 'verb'),
    group: textAt(spec, 'group'),
    resource: textAt(spec, 'resource') + (subresource === '' ? '' : `/${subresource}`),
    namespace: textAt(spec, 'namespace'),
    name: textAt(spec, 'name'),
  }
  // Paths such as /healthz are open to everybody who is authenticated.
  const allowed = textAt(spec, 'resource') === '' || isAllowed(user, attributes, store)
  return { ...request, status: allowed ? { allowed } : { allowed, reason: forbidden(user, attributes).message } }
}
