import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const corednsPods: GroupWording<(typeof CAUSE_GROUPS)['coredns-pods'][number]> = {
  'dns-pods-pending': {
    title: 'CoreDNS Pod 处于 Pending',
    summary: '{all} 个 CoreDNS Pod 中有 {count} 个无法启动：{pods}',
    lines: {
      unscheduled: '{pod} 未被调度：{reason}：{message}',
      sandbox: '{pod}：{reason}：{message}',
      pending: '{all} 个 CoreDNS Pod 中有 {count} 个处于 Pending：{pods}',
      'none-pending': '{count} 个 CoreDNS Pod 均未处于 Pending',
    },
  },
  'replicas-on-one-node': {
    title: 'CoreDNS 副本全部集中在一个节点',
    summary: '全部 CoreDNS 副本（{count} 个）都运行在 {node} 上：该节点一旦故障，DNS 随之中断',
    lines: {
      'all-on': 'DNS Service 有 {count} 个就绪的端点，全部位于 {node}：{pods}',
      'node-not-ready': '节点 {node} 未就绪',
      'other-nodes': '另外 {count} 个节点上没有副本',
      spread: '{count} 个就绪的端点分布在 {nodes}',
      'single-node': '集群只有一个节点：{node}',
    },
  },
  'coredns-out-of-memory': {
    title: 'CoreDNS 内存不足',
    summary: '{pods} 中的 CoreDNS 超出内存限制，被内核终止',
    lines: {
      killed: '{pod} 曾因 OOMKilled 被终止，已重启 {count} 次',
      use: '{pod} 占用 {used} MiB，限制为 {limit}',
      limit: '{pod} 的内存限制为 {limit}',
      down: '{pods} 未就绪',
      'none-killed': '{count} 个 CoreDNS Pod 都没有因 OOMKilled 被终止',
    },
  },
  'coredns-cpu-throttled': {
    title: 'CoreDNS 处理不过来',
    summary: '{server} 应答自己的健康检查要 {ms} 毫秒：CPU 不足以应付其负载',
    lines: {
      slow: '{server} 对自己的健康检查平均耗时 {ms} 毫秒（coredns_health_request_duration_seconds）',
      'slow-since-start':
        '{server} 自启动以来对自己的健康检查平均耗时 {ms} 毫秒（coredns_health_request_duration_seconds）',
      stuck: '{server} 对自己的健康检查每秒一次，有一次至少 {ms} 毫秒没有返回',
      failures: '{server} 的 coredns_health_request_failures_total 为 {count}',
      cpu: '{server} 在两次读数之间使用了 {cpus} 个 CPU，限制为 {limit}',
      late: '{server} 本可直接应答的 {count} 个查询超过 {ms} 毫秒才得到应答，或没有及时得到应答',
      rate: '{server} 在两次读数之间每秒应答 {rate} 个查询',
      unlimited: '{server} 自启动以来对自己的健康检查平均耗时 {ms} 毫秒；它没有 CPU 限制',
      'spare-unlimited':
        '{server} 对自己的健康检查耗时 {ms} 毫秒，使用了 {cpus} 个 CPU；它没有 CPU 限制：并非自身负载耗尽了 CPU',
      spare: '{server} 对自己的健康检查耗时 {ms} 毫秒，使用了 {cpus} 个 CPU，限制为 {limit}：CPU 尚有余量',
      quick: '{count} 个 Pod 对自己的健康检查平均最多耗时 {ms} 毫秒',
    },
  },
  'api-server-unreachable': {
    title: 'CoreDNS 连不上 API server',
    summary: '{servers} 在 {nodes} 上连不上 API server：没有任何对象数据，集群域名一律 SERVFAIL',
    lines: {
      log: '{server} 的日志中有 {count} 次：{text}',
      'not-ready': '{server} 的 /ready 返回 {status}，并列出 {plugins}',
      errors:
        '{server} 有 {count} 个发往 API server 的请求没有得到应答（coredns_kubernetes_rest_client_requests_total）',
      synced: '{count} 个 CoreDNS Pod 的 /ready 都没有在等待 kubernetes',
      refused: 'API server 可以连通但拒绝了请求：{server} 的日志：{text}',
    },
  },
  'endpointslice-access-forbidden': {
    title: 'CoreDNS 无权读取 EndpointSlice',
    summary: 'CoreDNS {version} 的 ServiceAccount {account} 无权 list 和 watch EndpointSlice',
    lines: {
      log: '{server} 的日志中有 {count} 次：{text}',
      'no-rule': '绑定到 {account} 的 ClusterRole {role} 中没有针对 discovery.k8s.io 的 endpointslices 的规则',
      counted: 'API server 对 {server} 返回了 {count} 次 403',
      'not-ready': '{server} 的 /ready 返回 {status}，并列出 {plugins}',
      allowed: 'ServiceAccount {account} 有权 list 和 watch EndpointSlice',
      'not-needed': 'ServiceAccount {account} 没有这样的规则，而 CoreDNS 也没有在等待它',
    },
  },
  'readiness-probe-on-health': {
    title: 'CoreDNS 的就绪探针探测了错误的端点',
    summary: 'CoreDNS 尚未读取集群数据，kubelet 就认为 {pods} 已就绪：就绪探针没有探测 /ready',
    lines: {
      'on-health': '{pod} 的就绪探针探测端口 {port} 的 {path}，它只说明进程存活',
      'no-ready': '{pod} 的就绪探针探测 {path}，而 Corefile 中没有 "ready"',
      'not-ready': 'kubelet 认为 {server} 已就绪，而它自己的 /ready 返回 {status}，并列出 {plugins}',
      early: '{servers} 没有对象数据却在接收查询：{count} 个错误的应答',
      meaning: '读取对象之前，那里的集群域名会是 SERVFAIL 或 NXDOMAIN：每次滚动更新都会出现',
      'on-ready': '{count} 个 CoreDNS Pod 的就绪探针都没有探测 /health',
    },
  },
  'lameduck-missing-or-too-long': {
    title: 'CoreDNS 结束得过早',
    summary: '按 {map} 中的 Corefile，正在结束的 CoreDNS Pod 会丢弃仍然发给它的查询',
    lines: {
      'no-lameduck': '{map} 的 Corefile 没有 "lameduck"：kube-proxy 还在转发查询，进程就已结束',
      'too-long':
        '{map} 的 Corefile 第 {line} 行：lameduck 为 {seconds} 秒，而 kubelet 在 {grace} 秒后就会强制终止 Pod',
      leaving: '{pod} 正在结束，始于 {since}',
      lost: '期间有 {count} 个查询没有任何响应',
      right: '{map} 的 Corefile 中 lameduck 为 {seconds} 秒，Pod 有 {grace} 秒的时间结束',
    },
  },
  'replica-answers-differ': {
    title: '各副本的应答不一致',
    summary: '对于 {question}，{pods} 的应答与其他副本不一致',
    lines: {
      odd: '{replica} 对 {question}（{transport}）的应答：{answer}',
      others: '{replica} 对 {question}（{transport}）的应答：{answer}',
      corefile: '它们运行的 Corefile 不同：{odd} 为 {oddHash}…，{other} 为 {otherHash}…（SHA-512，取自各自的日志）',
      image: '镜像不同：{odd}，另一副本为 {other}',
      'start-time': '启动时间为 {odd}，另一副本为 {other}',
      'from-cache': '{replica} 的应答来自缓存，可能几秒后就会恢复正确',
      agree: '{count} 个副本对 {questions} 个问题的应答一致',
    },
  },
  'coredns-sockets-exhausted': {
    title: 'CoreDNS 的套接字已用尽',
    summary: '{server} 已没有可用的套接字去查询上游',
    lines: {
      log: '{server} 的日志中有 {count} 次：{text}',
      descriptors: '{server} 打开了 {max} 个文件描述符中的 {open} 个',
      fails: '向 {server} 或经过它的 {count} 个问题没有连上，或对集群外域名返回 SERVFAIL',
      free: '{count} 个服务器的文件描述符最多用了 {percent}%',
    },
  },
}

export const corednsPodsFixes: Readonly<Record<string, FixWording>> = {
  'dns-pods-pending': {
    explanation: '输出末尾的事件会说明缺少什么：网络插件、容忍度（toleration）或资源。',
    risk: '只读操作。',
  },
  'replicas-on-one-node': {
    explanation:
      '让副本重新调度，离开 {node}；长期方案是 podAntiAffinity 或 topologySpreadConstraints，并配置 PodDisruptionBudget。',
    risk: 'Pod 会逐个替换；没有反亲和性时，调度器可能仍选中同一节点。',
  },
  'replica-answers-differ': {
    explanation: '删除 {pods}：新 Pod 会重新读取集群状态和 Corefile。',
    risk: '几秒内少一个副本；能说明其落后原因的日志会丢失，请先保存。',
  },
  'coredns-out-of-memory': {
    explanation: '提高内存限制；若有上游失效，请先解决它：等待中的查询会占用内存。',
    risk: 'Pod 会逐个替换。',
  },
  'coredns-cpu-throttled': {
    explanation: '增加一个副本，并提高或去掉 CPU 限制；节点缓存和更小的 ndots 可以降低负载。',
    risk: '修改限制会逐个替换 Pod。',
  },
  'api-server-unreachable': {
    explanation: '修复从 {nodes} 到 API server 的路径：网络插件、防火墙、kube-proxy、kube-system 的 NetworkPolicy。',
    risk: '这些命令只是查看。',
  },
  'endpointslice-access-forbidden': {
    explanation: '给 ClusterRole {role} 加上此版本 CoreDNS 所需的规则，立即生效。',
    risk: '无：只是允许读取 EndpointSlice。',
  },
  'readiness-probe-on-health': {
    explanation: '把就绪探针指向端口 8181 的 /ready，并在 Corefile 中保留 "ready"。',
    risk: 'Pod 会逐个替换；若 Corefile 中没有 "ready"，它们将永远无法就绪。',
  },
  'lameduck-missing-or-too-long': {
    explanation: '让 CoreDNS 在收到终止信号后继续应答一段时间，并给 Pod 留出更长的终止时间。',
    risk: '滚动更新会相应变慢。',
  },
  'coredns-sockets-exhausted': {
    explanation: '解决缓慢的上游；限制 {server} 中等待的查询数；提高其打开文件数的上限。',
    risk: '设置 max_concurrent 后，超出的查询会被拒绝。',
  },
}
