import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const service: GroupWording<(typeof CAUSE_GROUPS)['service'][number]> = {
  'dns-service-no-endpoints': {
    title: 'DNS Service 没有就绪的端点',
    summary: 'DNS Service {service}（{address}）没有任何就绪的端点：只有缓存中尚存的内容还能应答',
    lines: {
      empty: 'Service {service} 有 {slices} 个 EndpointSlice，其中没有任何端点',
      'none-ready': 'Service {service} 有 {count} 个端点，但没有一个就绪',
      'no-pods': '没有找到 CoreDNS Pod；该 Service 的选择器为 {selector}',
      pods: '{count} 个 CoreDNS Pod 中有 {ready} 个就绪：{states}',
      ready: 'Service {service} 有 {count} 个就绪的端点',
      answers: 'Service {service} 能正常应答',
    },
  },
  'dns-service-selector-mismatch': {
    title: 'DNS Service 的选择器选不中任何 CoreDNS Pod',
    summary: 'DNS Service {service} 的选择器是 {selector}，而 {count} 个就绪的 CoreDNS Pod 都没有这个标签',
    lines: {
      selector: 'Service {service} 的 spec.selector 为 {selector}',
      labels: '{count} 个 CoreDNS Pod 已就绪（{pods}），它们的标签为 {labels}',
      'no-selector': 'Service {service} 没有选择器：端点由其他程序写入',
      selected: 'Service {service} 选中了 {count} 个 CoreDNS Pod',
      ready: 'Service {service} 有 {count} 个就绪的端点',
      'labels-not-ready': '有 {count} 个 CoreDNS Pod（{pods}），均未就绪，它们的标签为 {labels}',
      'none-carries':
        'DNS Service {service} 的选择器是 {selector}，而 {count} 个 CoreDNS Pod 都没有这个标签；它们也都未就绪',
    },
  },
  'service-ip-unreachable': {
    title: 'Service IP 不通，但其后的 Pod 可达',
    summary:
      '在 {nodes} 上 DNS Service IP {address} 无响应，而其后的 CoreDNS Pod 正常应答：问题出在该节点的 kube-proxy',
    lines: {
      differs:
        '从 {node} 查询：{address} 经 {transports} 均无响应；同样的问题、同样的协议，{replica}（{replicaAddress}）在 {rttMs} 毫秒内应答',
      'proxy-absent': '{node} 上没有运行 kube-proxy Pod',
      'proxy-not-ready': '{node} 上的 kube-proxy（{pod}）未就绪：{state}',
      'proxy-unhealthy': '{node} 上 kube-proxy 的 :10256/healthz 返回：{status}',
      elsewhere: '从 {nodes} 查询 Service IP 则正常',
      answers: '从 {count} 处查询 {address} 均有应答',
      'answers-partly': '从 {nodes} 查询 {address} 时只有一种传输协议有应答：不是 Service IP 本身不通',
    },
  },
}

export const serviceFixes: Readonly<Record<string, FixWording>> = {
  'dns-service-no-endpoints': {
    explanation: '先查明 {service} 选中的 Pod 为何未就绪并修复，再重启它们。',
    risk: '重启会逐个替换 Pod；既然没有一个就绪，也就没有可损失的。',
  },
  'dns-service-selector-mismatch': {
    explanation:
      '让 {service} 选择就绪 Pod 实际带有的标签：{labels}。Helm 或插件管理器可能会把旧的选择器写回来，请在那里一并修改。',
    risk: '对整个集群立即生效；Pod 本身不受影响。',
  },
  'service-ip-unreachable': {
    explanation: '重启 {nodes} 上的 kube-proxy，让它重新写入 Service IP 的转发规则。',
    risk: '已有连接不受影响；该节点上新建的 Service 连接可能有几秒钟失败。',
  },
}
