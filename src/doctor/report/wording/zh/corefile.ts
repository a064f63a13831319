import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

const log = { log: '{server} 的日志中有 {count} 次：{text}' }
const crashing = { crashing: '{pods} 无法启动：CrashLoopBackOff' }

export const corefile: GroupWording<(typeof CAUSE_GROUPS)['corefile'][number]> = {
  'forwarding-loop': {
    title: 'CoreDNS 转发给了自己',
    summary: 'CoreDNS 把区域 {zone} 转发到 {address}，而那就是它自己，检测到环路后便退出',
    lines: {
      ...log,
      'loopback-in-file': 'kubelet 交给 CoreDNS 的 {file} 中有 {address}：在 Pod 内这就是 CoreDNS 自己（{kubelet}）',
      'own-upstream': '{node} 上的 CoreDNS 向 {address} 查询外部域名，而那就是集群自己的 DNS：查询会回到自己',
      'own-in-file':
        'kubelet 交给 CoreDNS 的 {file} 中有 {address}：那是集群自己的 DNS，也就是 CoreDNS 自己（{kubelet}）',
      'own-address': 'Corefile {map} 转发到 {address}，这是 CoreDNS 自己的地址',
      forward: 'ConfigMap {map} 的 Corefile 第 {line} 行：forward . {targets}',
      down: '{pods} 未就绪',
      'no-forward': 'Corefile 中没有针对所有域名的 forward',
      elsewhere: '日志中没有环路；转发的目标也不是它自己的地址',
    },
  },
  'corefile-invalid': {
    title: 'Corefile 有错误',
    summary: 'CoreDNS 拒绝 {map} 中的 Corefile：第 {line} 行：{message}',
    lines: {
      ...log,
      ...crashing,
      error: 'ConfigMap {map} 的 Corefile 第 {line} 行：{message}',
      counter: '{server} 的 coredns_reload_failed_total 为 {count}',
      'old-one-runs': '{pods} 仍在使用之前的 Corefile：一旦重启，就无法用这一份启动',
      more: '同一 Corefile 中还有 {count} 处错误',
      valid: '{map} 的 Corefile 中未发现错误',
    },
  },
  'corefile-not-reloaded': {
    title: '修改后的 Corefile 未生效',
    summary: '{map} 中的 Corefile 在 {pods} 启动之后被修改过，而 CoreDNS 不会重新读取它',
    lines: {
      'no-reload': '{map} 的 Corefile 没有 "reload"：CoreDNS 只在启动时读取它',
      'sub-path': 'ConfigMap {map} 以 subPath 方式挂载：Pod 内的文件永远不会更新',
      older: '{pods} 启动于 {started}，ConfigMap 修改于 {changed}',
      otherwise: '有 {count} 个应答与这份 Corefile 不符',
      'started-later': '所有副本都在 {map} 最后一次修改（{changed}）之后启动',
      'has-reload': '{map} 的 Corefile 有 "reload"，挂载方式也允许文件更新',
      'reload-soon': '{map} 的 Corefile 有 "reload"，{seconds} 秒前刚修改：最多需要两分钟生效',
    },
  },
  'corefile-directive-removed': {
    title: 'Corefile 使用了此版本 CoreDNS 已移除的指令',
    summary: 'CoreDNS {version} 已没有 "{directive}"（自 {removedIn} 起移除），而 Corefile 仍在使用',
    lines: {
      ...log,
      ...crashing,
      used: 'ConfigMap {map} 的 Corefile 第 {line} 行："{directive}" 自 CoreDNS {removedIn} 起已移除',
      image: '{pods} 运行的镜像是 {image}',
      'all-known': '{map} 的 Corefile 中没有 CoreDNS {versions} 已移除的指令',
    },
  },
  'cluster-zone-overridden': {
    title: 'kubernetes 插件之前有别的规则截走了域名',
    summary: '{name} 没有由集群数据应答：{map} 中 Corefile 的第 {line} 行截走了它',
    lines: {
      'plugin-answers': '{map} 的 Corefile 第 {line} 行："{plugin}" 先于 kubernetes 处理 {name}：{text}',
      'block-without-kubernetes': '{map} 的 Corefile 第 {line} 行：负责 {name} 的 server block 中没有插件能应答它',
      'answers-otherwise': '{server} 对 {name} 的应答：{answer}',
      'more-specific': '区域 {zone} 的 server block 接管了 {name}：最长的区域优先，与文件中的顺序无关',
      expected: '按集群中的对象，{name} 应有别的应答',
      'kubernetes-answers': '按 {map} 的 Corefile，所查询的域名由 kubernetes 插件应答',
    },
  },
  'stub-domain-broken': {
    title: '存根域的上游失效',
    summary: '{zone} 下的域名解析失败：它专用的上游（{upstreams}）没有给出应答',
    lines: {
      fails: '{server} 对 {zone} 下域名的结果：{answer}',
      health: '{server} 对 {to} 的健康检查失败次数增加了 {growth}',
      rcodes: '{server} 从 {to} 收到 {count} 次 {rcode}',
      forward: 'ConfigMap {map} 的 Corefile 第 {line} 行：转发到 {upstreams}',
      answers: '{zone} 下的域名有应答',
      'no-stub': '没有任何区域配置了专用的上游',
    },
  },
  'autopath-misidentifies-client': {
    title: 'autopath 把客户端认成了别的 Pod',
    summary: '{name} 的应答中有 autopath 生成的 CNAME（{map} 的 Corefile 第 {line} 行）',
    lines: {
      'in-use': '{map} 的 Corefile 第 {line} 行启用了 autopath：它根据客户端地址猜测其命名空间',
      cname: '没有任何对象对应 {name}，{server} 却应答了指向 {target} 的 CNAME',
      counted: '{server} 的 coredns_autopath_success_total 为 {count}',
      'behind-cache': '在节点缓存 {cache} 之后，所有客户端的地址都是缓存自己的地址',
      windows: '{nodes} 运行 Windows，autopath 不支持其上的 Pod',
      'no-autopath': '{map} 的 Corefile 没有 autopath',
    },
  },
  'forward-max-concurrent-exceeded': {
    title: '等待上游的查询过多',
    summary: '{server} 拒绝了 {total} 个查询：等待上游的查询数已达到 max_concurrent 的上限',
    lines: {
      ...log,
      grew: '{server} 的 coredns_forward_max_concurrent_rejects_total 增加了 {growth}',
      total: '{server} 的 coredns_forward_max_concurrent_rejects_total 为 {total}，期间没有增长',
      refused: '经过 {server} 的 {count} 个问题得到 REFUSED 或 SERVFAIL',
      limit: 'max_concurrent 为 {max}',
      'none-refused': '{count} 个服务器的指标中没有被拒绝的查询',
    },
  },
  'dnsmasq-concurrent-query-limit': {
    title: 'dnsmasq 中等待的查询过多',
    summary: '{server} 中的 dnsmasq 达到了并发查询上限 {max}',
    lines: {
      ...log,
      image: '{server} 运行的是 dnsmasq（{image}）：集群使用 kube-dns',
      fails: '{count} 个关于集群外域名的问题失败',
      'no-dnsmasq': 'DNS Service 的 Pod 都不运行 dnsmasq',
      'not-reached': '{count} 份日志中都没有这样的记录',
    },
  },
  'stale-negative-cache': {
    title: '缓存仍记得该域名不存在',
    summary: '{server} 仍然否认 {name}：在它创建之前就有人查询过',
    lines: {
      'other-form': '{name} 不是 SERVICE.NAMESPACE.svc.DOMAIN 的形式',
      denies: '{server} 对 {name} 应答 {rcode}，缓存中还剩 {ttl} 秒（新的否定应答为 {fresh} 秒）',
      'counts-down': '{server} 对 {name} 应答 {rcode}，还剩 {ttl} 秒，再次查询时更少：它在缓存里倒计时',
      knows: '{server} 对 {name} 的应答与对象一致',
      'knows-type': '{server} 在查询 {name} 的 {type} 记录时认得该域名：缓存按记录类型分别保存否定应答',
      age: 'Service {service} 在本次检查前 {seconds} 秒创建',
      hits: '{server} 的 coredns_cache_hits_total, type "denial", 为 {count}',
      'not-denied': '没有服务器否认 {name}',
      'fresh-denial': '对 {name} 的否定应答带有完整的 TTL {ttl} 秒：并非来自缓存',
    },
  },
  'stale-positive-cache': {
    title: '缓存仍给出已经消失的地址',
    summary: '{server} 对 {name} 应答 {addresses}，而已没有任何 Service 或端点使用它',
    lines: {
      gone: '{server} 对 {name} 应答 {addresses}：没有任何 EndpointSlice 或 Service 拥有它',
      aged: '其 TTL 为 {ttl} 秒，而 {server} 的新应答应为 {fresh} 秒：它来自缓存',
      'counts-down': '其 TTL 为 {ttl} 秒，再次查询 {server} 时更少：它在缓存里倒计时',
      right: '{server} 对 {name} 的应答与对象一致',
      'serve-stale': '{map} 的 Corefile 第 {line} 行：启用了 serve_stale，应答会超过 TTL 继续使用',
      'all-known': '{name} 的应答中每个地址都是已知的',
    },
  },
  'large-response-lost': {
    title: '较大的响应会丢失',
    summary: '{places} 收不到 {servers} 的大响应（超过小数据报的长度）：{name}',
    lines: {
      'tcp-closed': '{servers} 的响应被截断，{places} 只能改用 TCP，而 TCP 不通：{name}',
      'big-lost': '从 {place} 经 UDP 向 {server} 查询 {name}，声明可接收 {size} 字节：没有响应',
      beside: '从 {place} 向 {server} 做同样的查询，经 {how}：{name} 有应答',
      truncated: '{server} 经 UDP 给 {place} 的 {name} 响应被截断：必须由 TCP 传送（RFC 7766）',
      'tcp-fails': '从 {place} 经 TCP 向 {server} 查询 {name}：{why}',
      'no-bufsize': 'Corefile 没有 bufsize：客户端声明能收多大，CoreDNS 就应答多大',
      'small-works': '{server} 经 UDP 对较小的 {name} 有应答',
      arrive: '{server} 的大响应能够到达，或由 TCP 传送',
    },
  },
}

export const corefileFixes: Readonly<Record<string, FixWording>> = {
  'forwarding-loop': {
    explanation:
      '让 kubelet 改为下发 {file}（其中是 {node} 真正的 nameserver），重启 kubelet，再重建 CoreDNS Pod。不要只删除 "loop"：那样每个查询都会循环到超时。',
    risk: '此后启动的 dnsPolicy 为 Default 的 Pod 会得到新文件；运行中的 Pod 保留原来的。',
  },
  'forwarding-loop.own-file': {
    explanation:
      '把 {address} 从 {node} 的 {file} 中去掉：CoreDNS 向它查询会回到 CoreDNS 自己。然后重建它的 Pod，它们在启动时复制了该文件。',
    risk: '如果这一行是为了让 {node} 本机的程序解析集群域名，去掉后它们将不再能解析。',
  },
  'forwarding-loop.corefile': {
    explanation: '把 {address} 换成真正的解析服务器的地址。',
    risk: 'Corefile 写错会让新 Pod 无法启动：请先用 "fathom lint" 检查。',
  },
  'corefile-invalid': {
    explanation: '改正第 {line} 行，并在应用 ConfigMap 之前先检查。',
    risk: '带有 "reload" 的服务器会在两分钟内采用改正后的文件；崩溃的 Pod 会自行重新启动。',
  },
  'corefile-not-reloaded': {
    explanation: '重建 Pod；长期方案是在 Corefile 中加上 "reload"，并且不要用 subPath 挂载 ConfigMap。',
    risk: 'Pod 会逐个替换。若修改后的 Corefile 有错误，新 Pod 将无法启动：请先用 "fathom lint" 检查。',
  },
  'corefile-directive-removed': {
    explanation: '用 {instead} 代替 "{directive}"；corefile-tool 可以迁移整个 Corefile。',
    risk: '迁移后的 Corefile 必须与原来的含义一致：应用之前请先比较。',
  },
  'cluster-zone-overridden': {
    explanation: '从 Corefile 中去掉第 {line} 行，或缩小其范围，或加上 "fallthrough"，让 {name} 到达 kubernetes 插件。',
    risk: '当初添加它的人可能还需要它处理别的域名。',
  },
  'cluster-zone-overridden.own-line': {
    explanation: '把 {name} 从 Corefile 的第 {line} 行中去掉，让它到达 kubernetes 插件。',
    risk: '当初添加它的人可能就是想让 {name} 指向别处。',
  },
  'stub-domain-broken': {
    explanation:
      '在运行 CoreDNS 的节点上直接查询 {zone} 的上游，改正 Corefile 第 {line} 行，或让这些上游应答 CoreDNS Pod 的地址。',
    risk: '{zone} 下的域名完全依赖这些服务器。',
  },
  'autopath-misidentifies-client': {
    explanation: '从 Corefile 中去掉 autopath（第 {line} 行）；它想降低的负载可以由节点缓存来承担。',
    risk: 'Pod 会重新逐个查询整个搜索列表：CoreDNS 的负载会上升。',
  },
  'forward-max-concurrent-exceeded': {
    explanation: '先解决缓慢的上游，再提高 max_concurrent（每个查询约占 2 kB 内存）。',
    risk: '上游仍然缓慢时提高上限，会一直占用内存，直到 Pod 因内存不足而被终止。',
  },
  'dnsmasq-concurrent-query-limit': {
    explanation: '查找缓慢的上游；提高上限 {max}，或改用 CoreDNS。',
    risk: '修改 Deployment 会重启其 Pod。',
  },
  'stale-negative-cache': {
    explanation: '{seconds} 秒后会自行恢复。长期方案是对集群区域的否定应答只缓存几秒。',
    risk: '否定缓存越短，对不存在域名的查询就越多，而搜索列表会产生大量这样的查询。',
  },
  'stale-positive-cache': {
    explanation: '{seconds} 秒后会自行恢复。长期方案是降低 kubernetes 的 "ttl" 或集群区域的 "cache" 时间。',
    risk: '时间越短，查询越多。',
  },
  'stale-positive-cache.serve-stale': {
    explanation: '对集群区域去掉 serve_stale（该应答还剩 {seconds} 秒）：它适用于集群外的域名。',
    risk: '去掉之后，该区域的服务器不可用时就没有应答。',
  },
  'large-response-lost': {
    explanation: '让 CoreDNS 不再经 UDP 发送需要分片的响应："bufsize 1232"；更大的响应改由 TCP 传送（{places}）。',
    risk: 'TCP 53 端口必须放通；1.2.4 之前的 musl 不支持 TCP。',
  },
  'large-response-lost.path': {
    explanation:
      '{places} 与 CoreDNS 之间有一段链路，实际能通过的字节数小于两端所认为的，又没有任何提示：请找出它，并为它或为 Pod 设置正确的 MTU。"bufsize 512" 只对 UDP 有帮助。',
    risk: 'Pod 的较小 MTU 要等 Pod 重建后才生效。',
  },
  'large-response-lost.tcp': {
    explanation: '在从 {places} 出发的路径上，凡是放通 UDP 53 的地方都要放通 TCP 53：网络策略、防火墙、Service。',
    risk: '无：DNS 需要两者（RFC 7766）。',
  },
}
