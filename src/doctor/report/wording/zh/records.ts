import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

const otherForm = '{name} 不是 SERVICE.NAMESPACE.svc.ZONE 这种形式'

export const records: GroupWording<(typeof CAUSE_GROUPS)['records'][number]> = {
  'headless-service-no-endpoints': {
    title: 'Headless Service 没有就绪的端点',
    summary: 'Headless Service {service} 没有就绪的端点，因此这个域名不存在',
    lines: {
      'other-form': otherForm,
      headless: 'Service {service} 是 headless（clusterIP 为 None）：它的域名只对应就绪的端点',
      'none-ready': '它的 {count} 个端点没有一个就绪',
      empty: '它没有任何端点；其选择器匹配到 {count} 个 Pod',
      'pod-not-ready': 'Pod {pod} 未就绪：{state}',
      'not-published': '{service} 的 publishNotReadyAddresses 为 false',
      'no-service': 'Service {service} 不存在',
      'has-address': 'Service {service} 不是 headless，它有地址 {address}',
      ready: 'Service {service} 有 {count} 个就绪的端点',
      'publishes-not-ready': 'Service {service} 会发布未就绪的地址',
    },
  },
  'statefulset-service-name-wrong': {
    title: 'StatefulSet 的 serviceName 没有指向它的 Pod',
    summary: '{name} 不存在：StatefulSet {statefulset} 的 serviceName 是 {serviceName}，它的 Pod 因此没有这个域名',
    lines: {
      'other-form': otherForm,
      'service-name': 'StatefulSet {statefulset} 的 spec.serviceName 为 {serviceName}',
      'service-name-empty': '没有 serviceName，其 Pod 就没有域名',
      'service-absent': 'Service {service} 不存在',
      'not-selected': 'Service {service} 的选择器与 Pod {pod} 的标签不匹配',
      'not-headless': 'Service {service} 不是 headless：clusterIP 为 {address}',
      'other-service': '查询的域名在 Service {asked} 之下，而 Pod 的域名在 {serviceName} 之下',
      subdomain: 'Pod {pod} 的 subdomain 是 {subdomain}，不是 {serviceName}',
      'right-name': '该 Pod 的域名是 {name}',
      'no-pod-label': '{name} 在 Service 之前没有 Pod 标签',
      'no-statefulset': '{pod} 不属于任何 StatefulSet',
      exists: '{name} 存在',
      'not-ready': 'Service {service} 提供该域名，但对应的端点未就绪',
      'in-order': 'StatefulSet {statefulset} 与其 Service 相符',
    },
  },
  'pod-name-is-not-a-service': {
    title: '把 Pod 名当成了 Service 名',
    summary: '{name} 不存在：{pod} 是 Pod，而紧挨着命名空间 {namespace} 的名称会被当作 Service',
    lines: {
      'other-form': otherForm,
      'read-as-service': '{name} 被解释为命名空间 "{namespace}" 中的 Service "{service}"',
      'no-service': '命名空间 {namespace} 中没有 Service "{service}"',
      'pod-exists': 'Pod {pod} 存在，地址为 {address}',
      'right-name':
        '它的域名是 {name}，因为 spec.hostname 为 {hostname}，且 spec.subdomain {subdomain} 是选中它的 headless Service',
      'no-endpoint-name':
        'Pod {pod} 的 hostname 为 {hostname}，subdomain 为 {subdomain}：没有 headless Service 给它单独的域名',
      'pod-record': '按地址，它的域名是 {name}',
      'has-service-label': '{name} 中有 Service 标签：{service}',
      'service-exists': 'Service {service} 存在',
      'no-such-pod': 'Pod {pod} 不存在',
    },
  },
}

export const recordsFixes: Readonly<Record<string, FixWording>> = {
  'headless.publish': {
    explanation: '查明 Pod 未就绪的原因并修复。仅当各成员必须在就绪之前互相发现时，才发布未就绪的地址。',
    risk: '前者只读；采用后者，{service} 的客户端可能被引向尚不能提供服务的 Pod。',
  },
  'headless.selector': {
    explanation: '把 {service} 的选择器与应当在其后的 Pod 的标签对照。',
    risk: '只读操作。',
  },
  'statefulset.use': { explanation: '请查询 {name}。', risk: '无。' },
  'statefulset.create-service': {
    explanation: '把 {service} 创建为选中这些 Pod 的 headless Service，或修正已有的（clusterIP 不可修改，需先删除）。',
    risk: 'Pod 就绪后域名即出现；不会重启任何东西。',
  },
  'statefulset.create-or-recreate': {
    explanation:
      '创建 Service {service}，Pod 的域名便在它之下；或者把 StatefulSet 的 serviceName 改为 {asked}，这需要先删除 StatefulSet（保留 Pod）再重新创建。',
    risk: '创建 Service 不会重启任何东西；第二种做法下，{statefulset} 的 Pod 重建之后才会得到新的 subdomain。',
  },
  'statefulset.recreate': {
    explanation: 'serviceName 不可修改：删除 StatefulSet 但保留其 Pod，再用正确的值重新创建。',
    risk: '{statefulset} 的 Pod 会继续运行；重建之后才会得到新的 subdomain。',
  },
  'pod-name.use': { explanation: '请查询 {name}。', risk: '无。' },
  'pod-name.no-name': {
    explanation:
      '{pod} 没有域名：请在其模板中设置 hostname 和 subdomain 并创建同名的 headless Service，或改用 StatefulSet。',
    risk: '只读操作。',
  },
}
