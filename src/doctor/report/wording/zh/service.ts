import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const service: GroupWording<(typeof CAUSE_GROUPS)['service'][number]> = {
  'dns-service-no-endpoints': {
    title: 'DNS Service 没有就绪的端点',
    summary: 'DNS Service {service}（{address}）没有任何就绪的端点：只有缓存中尚存的内容还能应答',
    lines: {
      starting: '{service}（{address}）的 {count} 个 CoreDNS Pod 在 {seconds} 秒前刚启动，尚未就绪',
      empty: 'Service {service} 有 {slices} 个 EndpointSlice，其中没有任何端点',
      'none-ready': 'Service {service} 有 {count} 个端点，但没有一个就绪',
      'no-pods': '没有找到 CoreDNS Pod；该 Service 的选择器为 {selector}',
      pods: '{count} 个 CoreDNS Pod 中有 {ready} 个就绪：{states}',
      ready: 'Service {service} 有 {count} 个就绪的端点',
      answers: 'Service {service} 能正常应答',
    },
  },
  'dns-service-selector-mismatch': {
    title: 'DNS Service 没有通向 CoreDNS Pod',
    summary: 'DNS Service {service} 的选择器是 {selector}，而 {count} 个就绪的 CoreDNS Pod 都没有这个标签',
    lines: {
      selector: 'Service {service} 的 spec.selector 为 {selector}',
      labels: '{count} 个 CoreDNS Pod 已就绪（{pods}），它们的标签为 {labels}',
      'no-selector': 'Service {service} 没有选择器：端点由其他程序写入',
      selected: 'Service {service} 选中了 {count} 个 CoreDNS Pod',
      ready: 'Service {service} 有 {count} 个就绪的端点',
      'labels-not-ready': '有 {count} 个 CoreDNS Pod（{pods}），均未就绪，它们的标签为 {labels}',
      'wrong-port':
        'DNS Service {service} 把 53/{protocols} 转到 CoreDNS Pod 的 {target} 端口，而它们监听的是 {served}',
      'no-port': 'DNS Service {service} 没有 {protocols} 的 53 端口：经 {protocols} 发往 {address} 的查询无处可去',
      ports: 'Service {service} 的 spec.ports 为 {ports}',
      'target-port': 'Service {service}：端口 {port}/{protocol} 的 targetPort 为 {target}，即 Pod 的 {number} 端口',
      listens: '{configMap} 中的 Corefile 让 CoreDNS 监听 {served} 端口，普通 DNS 没有其他端口',
      'port-fails': '经 {protocols} 向该 Service 的 {count} 个提问没有响应',
      'port-answers': '{server}（{address}）在 {port}/{protocol} 端口有应答',
      'none-carries':
        'DNS Service {service} 的选择器是 {selector}，而 {count} 个 CoreDNS Pod 都没有这个标签；它们也都未就绪',
    },
  },
  'unexpected-dns-service-name': {
    title: 'DNS Service 的名字与节点缓存要找的不同',
    summary: '节点缓存 {cache} 把集群域名转发给名为 {upstream} 的 Service，而它并不存在：DNS Service 实际是 {service}',
    lines: {
      'found-by': 'DNS Service 是 {service}（{address}）：{how}',
      argument: '节点缓存 {cache} 要找名为 {upstream} 的 Service（-upstreamsvc 或其默认值）',
      log: '{pod} 的日志：{text}',
      usual: 'DNS Service 使用通常的名字：{service}',
      'no-cache': '没有节点缓存按名字查找 {service}',
      matches: '节点缓存已指定要用的 Service（{told}）；DNS Service 是 {service}',
    },
  },
  'internal-traffic-policy-local': {
    title: 'DNS Service 只在本节点内转发流量',
    summary:
      'DNS Service {service} 的 internalTrafficPolicy 为 Local，而 {nodes} 上没有 CoreDNS Pod：从那里发出的查询会被丢弃',
    lines: {
      'not-compared': 'DNS Service {service} 的 internalTrafficPolicy 为 Local，而 {nodes} 上没有 CoreDNS Pod',
      local: 'Service {service} 的 spec.internalTrafficPolicy 为 Local',
      'endpoints-on': '就绪端点位于 {nodes}，{without} 上没有',
      'same-set': '从 {nodes} 查询 Service IP 均无响应；从 {fine} 查询则有应答',
      cluster: 'Service {service} 的 spec.internalTrafficPolicy 为 {policy}',
      everywhere: '每个节点上都有 {service} 的就绪端点',
      answers: '在没有端点的节点上 Service {service} 也有应答：{nodes}',
    },
  },
  'service-ip-unreachable': {
    title: 'Service IP 不通，但其后的 Pod 可达',
    summary:
      '在 {nodes} 上 DNS Service IP {address} 无响应，而其后的 CoreDNS Pod 正常应答：问题出在该节点的 kube-proxy',
    lines: {
      differs:
        '从 {node} 查询：{address} 经 {silent} 无响应；同样的问题，{replica}（{replicaAddress}）经 {answered} 在 {rttMs} 毫秒内应答',
      refuses:
        '从 {node} 查询：{address} 拒绝了 {refused}；同样的问题，{replica}（{replicaAddress}）经 {answered} 在 {rttMs} 毫秒内应答',
      'refuses-partly':
        '从 {node} 查询：{address} 拒绝了 {refused}，经 {silent} 无响应；同样的问题，{replica}（{replicaAddress}）经 {answered} 在 {rttMs} 毫秒内应答',
      'proxy-absent': '{node} 上没有运行 kube-proxy Pod',
      'proxy-not-ready': '{node} 上的 kube-proxy（{pod}）未就绪：{state}',
      'proxy-unhealthy': '{node} 上 kube-proxy 的 :10256/healthz 返回：{status}',
      'rules-lack': '{node} 上没有任何过滤规则转换 {address}',
      'rules-stale':
        '{node} 上 kube-proxy 的规则把发往 {address} 的 {transport} 转到 {targets}；而 Service 的端点是 {endpoints}',
      rule: '{node} 上的规则：{rule}',
      'rule-translates':
        '{node}：另一条规则抢在 kube-proxy 之前把发往 {address} 的流量转到 {to}，至今已有 {count} 个连接：{rule}',
      'rule-redirects':
        '{node}：另一条规则抢在 kube-proxy 之前把发往 {address} 的流量留在本机的 {to} 端口，至今已有 {count} 个连接：{rule}',
      'rule-exempts': '{node}：另一条规则使发往 {address} 的流量不做地址转换，至今已有 {count} 个数据包：{rule}',
      'rule-drops': '{node}：有规则丢弃发往 {address} 的流量，至今已有 {count} 个数据包：{rule}',
      taken: '在 {nodes} 上，另一条规则抢在 kube-proxy 之前截走了发往 DNS Service IP {address} 的 {transports}：{rule}',
      'fallen-behind':
        '{nodes} 的规则把发往 {address} 的 DNS（{transports}）转到 {targets}，而它并不是该 Service 的端点：那里的 kube-proxy 没有跟上',
      'over-one':
        '在 {nodes} 上 DNS Service IP {address} 经 {transports} 无响应，而其后的 CoreDNS Pod 正常应答：问题出在那里对该地址的转换',
      elsewhere: '从 {nodes} 查询 Service IP 则正常',
      answers: '从 {count} 处查询 {address} 均有应答',
      'answers-partly': '从 {nodes} 查询 {address} 时只有一种传输协议有应答：不是 Service IP 本身不通',
    },
  },
  'mixed-iptables-backends': {
    title: '过滤规则分散在 iptables-legacy 与 iptables-nft 两处',
    summary: '{node} 上的规则分散在 iptables-legacy 与 iptables-nft 两处，而 kube-proxy 只写入 {backend}',
    lines: {
      both: '{node} 上 iptables-legacy 与 iptables-nft 都有规则',
      totals: '{node}：iptables-legacy 有 {legacy} 条规则，iptables-nft 有 {nft} 条',
      'kube-chains': '{node}：KUBE-* 链只在 {backend} 中',
      'kube-chains-both': '{node}：两处中有 {count} 处含 KUBE-* 链',
      policies: 'FORWARD 默认策略：iptables-legacy 中为 {legacy}，iptables-nft 中为 {nft}',
      'one-backend': '{nodes} 上 iptables-legacy 与 iptables-nft 只有一处有规则',
    },
  },
  'stale-udp-conntrack': {
    title: '连接跟踪中的 UDP 流仍指向已消失的 CoreDNS Pod',
    summary: '在 {nodes} 上，内核仍把 {clients} 发往 DNS Service {address} 的 UDP 流转给 {dead}，而它已不是端点',
    lines: {
      entry: '{node}：{client} -> {address}:53 被转换到 {dead}；它无处可达，还会保留 {seconds} 秒',
      'entry-replied': '{node}：{client} -> {address}:53 被转换到 {dead}；还会保留 {seconds} 秒',
      endpoints: 'DNS Service 的端点是 {endpoints}；其中没有 {dead}',
      more: '{nodes} 上共有 {count} 条这样的记录',
      none: '没有发往 {address} 的 UDP 流指向非端点地址（{nodes}）',
    },
  },
  'ipvs-stale-udp-connections': {
    title: 'IPVS 连接仍指向已消失的 CoreDNS Pod',
    summary: '在 {nodes} 上有 {count} 条到 {address} 的 IPVS 连接指向 {dead}，而它已不是端点',
    lines: {
      mode: '{nodes} 上的 kube-proxy 使用 ipvs 模式：{address} 是那里的虚拟服务',
      connection: '{node}：{client} -> {address}:53 指向 {dead}，还会保留 {seconds} 秒',
      none: '没有到 {address} 的 IPVS 连接指向非端点地址（{nodes}）',
      'not-ipvs': '{nodes} 上 {address} 不是 IPVS 服务',
    },
  },
  'bridge-netfilter-disabled': {
    title: '经过网桥的数据包不经过过滤规则',
    summary: '{node} 上经过网桥的数据包不经过过滤规则（{setting}）：同一节点 CoreDNS Pod 的响应来自错误的地址',
    lines: {
      'only-set': '{node} 上经过网桥的数据包不经过过滤规则（{setting}）',
      pair: '从 {place} 查询 {asked}，应答却来自 {from}，并非所查询的地址',
      'same-node': '这样的响应有 {count} 个，都来自 {node} 自己的 CoreDNS Pod',
      off: '{node}：{setting} 为 0',
      'not-loaded': '{node}：{setting} 不存在，br_netfilter 未加载',
      enabled: '{node}：{setting} 为 1',
      translated: '没有响应来自 Pod 而非 Service IP，{nodes} 上也没有绕过过滤规则的网桥',
    },
  },
  'node-cache-wrong-source': {
    title: '节点缓存用另一个地址应答',
    summary: '在 {node} 上，发往 {asked} 的查询由 {from} 应答：客户端会丢弃这样的响应',
    lines: {
      pair: '从 {node}：{count} 个发往 {asked} 的查询收到来自 {from} 的响应',
      listens: '节点缓存 {cache} 监听 {addresses}',
      'no-cache': '没有节点缓存',
      'right-source': '经 UDP 向节点缓存提问 {count} 次，没有响应来自其他地址',
    },
  },
  'application-service-no-endpoints': {
    title: '不是 DNS 的问题：该名字背后的 Service 没有就绪的端点',
    summary: '不是 DNS 的问题：{name} 正确解析为 {address}，但 Service {service} 没有任何就绪的端点在那里应答',
    lines: {
      resolves: '{count} 个服务器对 {name} 应答 {address}，即该 Service 的 clusterIP',
      'none-ready': 'Service {service} 有 {count} 个端点，没有一个就绪',
      selected: '选择器 {selector} 选中 {count} 个 Pod，其中 {ready} 个就绪',
      'no-selector': 'Service {service} 没有选择器：端点由其他程序写入',
      'no-service': 'Service {service} 不存在',
      'no-address': 'Service {service} 没有为这个名字提供 ClusterIP',
      'dns-service': '{service} 就是 DNS Service 本身',
      ready: 'Service {service} 有 {count} 个就绪的端点',
      'other-form': '{name} 不是 Service 的名字',
    },
  },
}

export const serviceFixes: Readonly<Record<string, FixWording>> = {
  'dns-service-no-endpoints.starting': {
    explanation: '等到 {service} 选中的 Pod 就绪后，再诊断一次。',
    risk: '无：这些命令只是查看。',
  },
  'dns-service-no-endpoints': {
    explanation: '先查明 {service} 选中的 Pod 为何未就绪并修复，再重启它们。',
    risk: '重启会逐个替换 Pod；既然没有一个就绪，也就没有可损失的。',
  },
  'dns-service-selector-mismatch': {
    explanation:
      '让 {service} 选择就绪 Pod 实际带有的标签：{labels}。Helm 或插件管理器可能会把旧的选择器写回来，请在那里一并修改。',
    risk: '对整个集群立即生效；Pod 本身不受影响。',
  },
  'dns-service-selector-mismatch.port': {
    explanation:
      '让 {service} 指向 CoreDNS 监听的端口：{served}。Helm 或插件管理器可能会把旧的 targetPort 写回来，请在那里一并修改。',
    risk: '对整个集群立即生效；Pod 本身不受影响。',
  },
  'dns-service-selector-mismatch.no-port': {
    explanation: '为 {service} 恢复 {protocols} 的 53 端口。Helm 或插件管理器可能会再次把它去掉，请在那里一并修改。',
    risk: '对整个集群立即生效；Pod 本身不受影响。',
  },
  'service-ip-unreachable': {
    explanation: '重启 {nodes} 上的 kube-proxy，让它重新写入 Service IP 的转发规则。',
    risk: '已有连接不受影响；该节点上新建的 Service 连接可能有几秒钟失败。',
  },
  'service-ip-unreachable.rule': {
    explanation: '在 {nodes} 上删除这条规则，并停掉写入它的程序：脚本、防火墙或网络产品的代理程序都可能把它写回来。',
    risk: '这条规则原本的用途也随之失效；请先看看它把 DNS 送到哪里。',
  },
  'unexpected-dns-service-name': {
    explanation: '把 DNS Service 的名字 {service} 告诉节点缓存 {cache}。',
    risk: '缓存 Pod 会逐节点重启；该节点上的 Pod 会有几秒钟无法解析。',
  },
  'internal-traffic-policy-local': {
    explanation:
      '让 {service} 使用整个集群的端点。若想优先使用近处的端点，可设置 trafficDistribution，或在每个节点上运行 CoreDNS。',
    risk: '立即生效；查询可能会跨节点。',
  },
  'mixed-iptables-backends': {
    explanation:
      '让 {node} 的主机以及 kube-proxy、网络插件和节点缓存镜像都使用同一种后端；重启节点即可清掉另一处的规则。',
    risk: '节点会重启：请先驱逐 Pod。另一处手工添加的规则会消失。',
  },
  'stale-udp-conntrack': {
    explanation: '在 {nodes} 上删除这些记录：这些客户端的下一个数据报会重新转换。较新的 kube-proxy 会自行清理。',
    risk: '不影响其他流：只删除指向已消失地址的记录。',
  },
  'ipvs-stale-udp-connections': {
    explanation:
      '缩短 {nodes} 上 IPVS 保留 UDP 连接的时间（kube-proxy 的 ipvs.udpTimeout），并让它丢弃后端已消失的连接。',
    risk: '同一 UDP 流长时间停顿后可能换到另一台服务器；对 DNS 没有影响。',
  },
  'bridge-netfilter-disabled': {
    explanation: '在 {node} 上加载 br_netfilter，让经过网桥的数据包也经过过滤规则，并在下次启动后依然有效。',
    risk: '此后每个经过网桥的数据包都要经过 iptables：FORWARD 规则对它们生效。',
  },
  'node-cache-wrong-source': {
    explanation:
      '去掉 {node} 上把 {asked} 转换为 {from} 的规则，让缓存监听 Pod 所查询的地址；重启缓存会重新写入 NOTRACK 规则。',
    risk: '缓存重启的几秒钟内，该节点上的 Pod 无法解析。',
  },
  'application-service-no-endpoints': {
    explanation: '查明 {service} 为何没有就绪的 Pod：选择器、Pod 的标签、就绪状态。DNS 无需改动。',
    risk: '没有风险：这些命令只是查看。',
  },
}
