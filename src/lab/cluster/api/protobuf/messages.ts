// Field numbers of the messages that kubectl sends as protobuf, from the API's generated.proto files: data, nothing else.

export type FieldType =
  | 'bool'
  | 'int'
  | 'int-or-string'
  | 'map'
  | 'octets-map'
  /** Written by servers only; clients send it empty. */
  | 'skip'
  | 'string'
  | { readonly message: MessageType }
  | { readonly repeated: FieldType }

/** Field number -> JSON name and type. */
export type MessageType = Readonly<Record<number, readonly [name: string, type: FieldType]>>

const STRINGS: FieldType = { repeated: 'string' }

const OBJECT_META: MessageType = {
  1: ['name', 'string'],
  2: ['generateName', 'string'],
  3: ['namespace', 'string'],
  4: ['selfLink', 'skip'],
  5: ['uid', 'string'],
  6: ['resourceVersion', 'string'],
  7: ['generation', 'int'],
  8: ['creationTimestamp', 'skip'],
  11: ['labels', 'map'],
  12: ['annotations', 'map'],
  14: ['finalizers', STRINGS],
  17: ['managedFields', 'skip'],
}
const METADATA: readonly [string, FieldType] = ['metadata', { message: OBJECT_META }]

const LABEL_SELECTOR: MessageType = {
  1: ['matchLabels', 'map'],
  2: [
    'matchExpressions',
    { repeated: { message: { 1: ['key', 'string'], 2: ['operator', 'string'], 3: ['values', STRINGS] } } },
  ],
}

const CONTAINER: MessageType = {
  1: ['name', 'string'],
  2: ['image', 'string'],
  3: ['command', STRINGS],
  4: ['args', STRINGS],
  5: ['workingDir', 'string'],
  6: [
    'ports',
    {
      repeated: {
        message: {
          1: ['name', 'string'],
          2: ['hostPort', 'int'],
          3: ['containerPort', 'int'],
          4: ['protocol', 'string'],
          5: ['hostIP', 'string'],
        },
      },
    },
  ],
  7: ['env', { repeated: { message: { 1: ['name', 'string'], 2: ['value', 'string'] } } }],
  8: ['resources', 'skip'],
  13: ['terminationMessagePath', 'string'],
  14: ['imagePullPolicy', 'string'],
  16: ['stdin', 'bool'],
  17: ['stdinOnce', 'bool'],
  18: ['tty', 'bool'],
  20: ['terminationMessagePolicy', 'string'],
}

const POD_SPEC: MessageType = {
  2: ['containers', { repeated: { message: CONTAINER } }],
  3: ['restartPolicy', 'string'],
  4: ['terminationGracePeriodSeconds', 'int'],
  6: ['dnsPolicy', 'string'],
  7: ['nodeSelector', 'map'],
  8: ['serviceAccountName', 'string'],
  9: ['serviceAccount', 'string'],
  10: ['nodeName', 'string'],
  11: ['hostNetwork', 'bool'],
  12: ['hostPID', 'bool'],
  13: ['hostIPC', 'bool'],
  14: ['securityContext', 'skip'],
  16: ['hostname', 'string'],
  17: ['subdomain', 'string'],
  19: ['schedulerName', 'string'],
  24: ['priorityClassName', 'string'],
}

const DEPLOYMENT_SPEC: MessageType = {
  1: ['replicas', 'int'],
  2: ['selector', { message: LABEL_SELECTOR }],
  3: ['template', { message: { 1: METADATA, 2: ['spec', { message: POD_SPEC }] } }],
  4: [
    'strategy',
    {
      message: {
        1: ['type', 'string'],
        2: ['rollingUpdate', { message: { 1: ['maxUnavailable', 'int-or-string'], 2: ['maxSurge', 'int-or-string'] } }],
      },
    },
  ],
  5: ['minReadySeconds', 'int'],
  6: ['revisionHistoryLimit', 'int'],
  7: ['paused', 'bool'],
  9: ['progressDeadlineSeconds', 'int'],
}

const SERVICE_SPEC: MessageType = {
  1: [
    'ports',
    {
      repeated: {
        message: {
          1: ['name', 'string'],
          2: ['protocol', 'string'],
          3: ['port', 'int'],
          4: ['targetPort', 'int-or-string'],
          5: ['nodePort', 'int'],
          6: ['appProtocol', 'string'],
        },
      },
    },
  ],
  2: ['selector', 'map'],
  3: ['clusterIP', 'string'],
  4: ['type', 'string'],
  5: ['externalIPs', STRINGS],
  7: ['sessionAffinity', 'string'],
  8: ['loadBalancerIP', 'string'],
  10: ['externalName', 'string'],
  11: ['externalTrafficPolicy', 'string'],
  12: ['healthCheckNodePort', 'skip'],
  13: ['publishNotReadyAddresses', 'bool'],
  17: ['ipFamilyPolicy', 'string'],
  18: ['clusterIPs', STRINGS],
  19: ['ipFamilies', STRINGS],
  22: ['internalTrafficPolicy', 'string'],
}

const RULE: MessageType = {
  1: ['verbs', STRINGS],
  2: ['apiGroups', STRINGS],
  3: ['resources', STRINGS],
  4: ['resourceNames', STRINGS],
  5: ['nonResourceURLs', STRINGS],
}
const ROLE: MessageType = { 1: METADATA, 2: ['rules', { repeated: { message: RULE } }] }

const ROLE_BINDING: MessageType = {
  1: METADATA,
  2: [
    'subjects',
    {
      repeated: {
        message: {
          1: ['kind', 'string'],
          2: ['apiGroup', 'string'],
          3: ['name', 'string'],
          4: ['namespace', 'string'],
        },
      },
    },
  ],
  3: ['roleRef', { message: { 1: ['apiGroup', 'string'], 2: ['kind', 'string'], 3: ['name', 'string'] } }],
}

const RESOURCE_ATTRIBUTES: MessageType = {
  1: ['namespace', 'string'],
  2: ['verb', 'string'],
  3: ['group', 'string'],
  4: ['version', 'string'],
  5: ['resource', 'string'],
  6: ['subresource', 'string'],
  7: ['name', 'string'],
}

const DELETE_OPTIONS: MessageType = {
  1: ['gracePeriodSeconds', 'int'],
  2: ['preconditions', { message: { 1: ['uid', 'string'], 2: ['resourceVersion', 'string'] } }],
  3: ['orphanDependents', 'bool'],
  4: ['propagationPolicy', 'string'],
  5: ['dryRun', STRINGS],
}

/** Messages by kind. */
export const KINDS: Readonly<Record<string, MessageType>> = {
  ClusterRole: { ...ROLE, 3: ['aggregationRule', 'skip'] },
  ClusterRoleBinding: ROLE_BINDING,
  ConfigMap: { 1: METADATA, 2: ['data', 'map'], 3: ['binaryData', 'octets-map'], 4: ['immutable', 'bool'] },
  DeleteOptions: DELETE_OPTIONS,
  Deployment: { 1: METADATA, 2: ['spec', { message: DEPLOYMENT_SPEC }], 3: ['status', 'skip'] },
  Eviction: { 1: METADATA, 2: ['deleteOptions', { message: DELETE_OPTIONS }] },
  Namespace: { 1: METADATA, 2: ['spec', 'skip'], 3: ['status', 'skip'] },
  Pod: { 1: METADATA, 2: ['spec', { message: POD_SPEC }], 3: ['status', 'skip'] },
  Role: ROLE,
  RoleBinding: ROLE_BINDING,
  Secret: {
    1: METADATA,
    2: ['data', 'octets-map'],
    3: ['type', 'string'],
    4: ['stringData', 'map'],
    5: ['immutable', 'bool'],
  },
  SelfSubjectAccessReview: {
    1: METADATA,
    2: [
      'spec',
      {
        message: {
          1: ['resourceAttributes', { message: RESOURCE_ATTRIBUTES }],
          2: ['nonResourceAttributes', { message: { 1: ['path', 'string'], 2: ['verb', 'string'] } }],
        },
      },
    ],
    3: ['status', 'skip'],
  },
  SelfSubjectRulesReview: {
    1: METADATA,
    2: ['spec', { message: { 1: ['namespace', 'string'] } }],
    3: ['status', 'skip'],
  },
  Service: { 1: METADATA, 2: ['spec', { message: SERVICE_SPEC }], 3: ['status', 'skip'] },
  ServiceAccount: { 1: METADATA },
}
