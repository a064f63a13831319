import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const nodeCache: GroupWording<(typeof CAUSE_GROUPS)['node-cache'][number]> = {
  'node-cache-down': {
    title: '节点上没有可用的节点缓存',
    summary: '{nodes} 上没有就绪的节点缓存 {cache}（共 {count} 个节点），而那里的 Pod 没有其他 nameserver',
    lines: {
      'no-pod': '{node} 上没有它的 Pod',
      'not-ready': '{node} 上的 Pod {pod} 未就绪：{state}',
      'handed-out': '{nodes} 上的 kubelet 给 Pod 的 nameserver 是 {address}（{from}）',
      unanswered: '从 {node} 向它查询 {count} 次，全无应答',
      elsewhere: '{all} 个这样的节点中有 {count} 个有就绪的 Pod',
      'not-handed-out': '没有 kubelet 下发 {cache} 的地址（{addresses}）：Pod 仍可使用 Service IP',
      answers: '{nodes} 上的 {address} 有应答',
      'all-ready': '{cache} 的 Pod 在需要它的全部 {count} 个节点上都已就绪',
    },
  },
  'node-cache-bind-failed': {
    title: '节点缓存无法在其地址上监听',
    summary: '{node} 上的节点缓存 {pod} 无法在 {address} 上监听：{why}',
    lines: {
      log: '{server} 的日志（{count} 次）：{text}',
      'not-ready': 'Pod {pod} 未就绪：{state}',
      holders: '{node} 上还有这些 Pod 使用节点网络的 53 端口：{pods}',
      listening: '{node} 上已有程序监听 {addresses} 的 53 端口',
      'no-interface': '{flag}：网络接口须由其他程序创建',
      'all-ready': '{cache} 的 {count} 个 Pod 全部就绪',
      'other-log': '{pods} 的日志中没有相关内容',
    },
  },
  'node-cache-address-mismatch': {
    title: '节点缓存的地址在 kubelet、参数和 Corefile 中不一致',
    summary: '节点缓存 {cache} 监听 {localIPs}，而别处写的是 {other}',
    lines: {
      localip: 'DaemonSet {cache}：-localip {addresses}',
      'handed-out': '{nodes} 上的 kubelet 给 Pod 的 nameserver 是 {address}（{from}），没有节点缓存在那里监听',
      'in-corefile': '其 Corefile 第 {line} 行：{directive} {address}',
      failed: '向 {address} 的 {count} 次查询失败',
      agree: '{cache} 与其 Corefile 都使用 {addresses}，也没有 kubelet 下发其他类似的地址',
    },
  },
  'node-cache-bypassed-under-ipvs': {
    title: '查询绕过了节点缓存：kube-proxy 处于 ipvs 模式',
    summary: '节点缓存 {cache} 收不到查询：kube-proxy 处于 ipvs 模式，而 {nodes} 上的 kubelet 下发的是 Service IP',
    lines: {
      mode: 'kube-proxy 的模式为 {mode}（{from}）',
      'handed-out': '{nodes} 上的 kubelet 给 Pod 的 nameserver 是 {address}（{from}）',
      shared: 'DaemonSet {cache} 的 -localip 含有 Service IP {addresses}，而在 ipvs 模式下内核会先接走它',
      requests: '{server} 在 {minutes} 分钟内收到 {count} 个查询（不含本程序的）',
      'other-mode': 'kube-proxy 的模式为 {mode}（{from}）',
      'own-address': '没有 kubelet 下发 Service IP；缓存自己的地址是 {address}',
      busy: '{server} 收到了 {count} 个查询',
    },
  },
  'node-cache-rules-inconsistent': {
    title: '节点缓存的地址或规则不正常',
    summary: '{node} 上节点缓存 {cache} 的地址或规则缺失、重复或残留',
    lines: {
      'setup-errors': '{server} 设置时出现 {count} 次 {type} 类错误',
      'left-over': '{node} 上没有它的 Pod，却仍有 {what}',
      'address-missing': '{node} 的任何接口上都没有 {addresses}：发往它的查询会离开节点',
      'rules-missing': '{node} 的 raw 表中没有针对 {addresses} 的 NOTRACK 规则',
      'rules-doubled': '{node} 的 raw 表中有 {count} 条重复的规则',
      works: '{node} 上的缓存仍有应答',
      lost: '从 {node} 向缓存的 {count} 次查询没有结果',
      'in-order': '{cache} 的地址和规则在 {count} 个节点上正常',
    },
  },
  'node-cache-upstream-service-missing': {
    title: '节点缓存所转发到的 Service 不存在',
    summary: '节点缓存 {cache} 把集群域名转发到 Service {service}，而它不存在',
    lines: {
      'nobodys-address': '节点缓存 {cache} 把集群域名转发到 {address}，它不属于集群的任何 Service',
      'nothing-behind': '节点缓存 {cache} 把集群域名转发到 Service {service}，而它没有就绪的端点',
      argument: 'DaemonSet {cache}：-upstreamsvc {service}',
      absent: 'Service {service} 不存在',
      'no-service-at': '其 Corefile 把集群域名转发到 {address}，没有 Service 使用这个地址',
      'selects-nothing': 'Service {service} 没有就绪的端点',
      log: '{server} 的日志（{count} 次）：{text}',
      failed: '向各缓存查询集群域名，{count} 次失败',
      'to-replica': '其 Corefile 转发到 CoreDNS Pod：{address}',
      there: 'Service {service} 有 {count} 个就绪的端点',
      'is-dns-service': '它转发到 DNS Service {service}，后者自身没有就绪的端点',
    },
  },
  'node-cache-force-tcp-blocked': {
    title: '节点缓存使用 TCP 查询，而 TCP 不通',
    summary: '节点缓存 {cache} 只用 TCP 查询 {address}，而从 {nodes} 出发 TCP 不通',
    lines: {
      'force-tcp': 'ConfigMap {configMap} 第 {line} 行：转发到 {targets}，带 force_tcp',
      'no-tcp-port': 'DNS Service {address} 没有 53/TCP 端口',
      'tcp-lost': '从 {node} 查询 {address}，UDP 有应答而 TCP 没有',
      failed: '向 {nodes} 上的缓存查询集群域名，{count} 次失败',
      held: '{nodes} 上的缓存只能回答仍保存的内容：其应答的 TTL 已经减少',
      'no-answers': '其间 {server} 没有从 {address} 得到任何 NOERROR 应答',
      'no-force': 'ConfigMap {configMap} 第 {line} 行：forward 没有 force_tcp',
      works: '通过 {cache} 可以解析集群域名',
      'not-tcp': '从 {nodes} 出发，DNS Service 经 TCP 有应答，或经 UDP 也没有应答',
    },
  },
  'node-cache-upstreams-overridden': {
    title: 'kube-dns ConfigMap 改变了节点缓存的上游',
    summary: 'ConfigMap {configMap} 改变了节点缓存 {cache} 的转发目标：{keys}',
    lines: {
      unreadable: '节点缓存 {cache} 无法读取 ConfigMap {configMap}（{keys}）：它保留旧的上游',
      bad: 'ConfigMap {configMap}：{key} 不是所要求的 JSON',
      upstreams: 'upstreamNameservers：{upstreams}',
      stubs: 'stubDomains：{domains}',
      mounted: 'DaemonSet {cache} 挂载了 ConfigMap {configMap}',
      'setup-errors': '{server} 出现 {count} 次 configmap 错误',
      failed: '向缓存查询集群外域名，{count} 次失败，而节点自己的 nameserver 有应答',
      'no-map': '{cache} 旁没有写有上游的 ConfigMap kube-dns',
      'not-mounted': 'DaemonSet {cache} 没有挂载 ConfigMap {configMap}',
    },
  },
  'node-cache-bypassed-by-cilium': {
    title: '查询绕过了节点缓存：Cilium 取代了 kube-proxy',
    summary: '节点缓存 {cache} 收不到查询：Cilium 取代了 kube-proxy，而没有 CiliumLocalRedirectPolicy 指向它',
    lines: {
      replacement: 'ConfigMap {configMap}：kube-proxy-replacement 为 {value}',
      'no-policy': '没有针对 Service {service} 的 CiliumLocalRedirectPolicy',
      requests: '{server} 在 {minutes} 分钟内收到 {count} 个查询（不含本程序的）',
      'no-replacement': '这里的 Cilium 没有取代 kube-proxy',
      policy: 'CiliumLocalRedirectPolicy {policy} 针对 DNS Service',
      'own-address': 'kubelet 下发的是缓存自己的地址 {address}',
      busy: '{server} 收到了 {count} 个查询',
    },
  },
  'security-groups-bypass-node-cache': {
    title: '带安全组的 Pod 到不了节点缓存',
    summary: '{count} 个 Pod 带有安全组，到不了节点缓存 {cache}：{pods}',
    lines: {
      annotated: '{count} 个 Pod 带有注解 {annotation}：{pods}',
      unanswered: '从这样的 Pod 向 {addresses} 查询 {count} 次，全无结果',
      control: '从 {node} 本身查询 {address} 有应答',
      none: '没有 Pod 带有自己的安全组（注解 vpc.amazonaws.com/pod-eni）',
      answers: '这样的 Pod 能得到 {addresses} 的应答',
    },
  },
}

export const nodeCacheFixes: Readonly<Record<string, FixWording>> = {
  'node-cache-down': {
    explanation:
      '查明 {cache} 为何没有在 {nodes} 上运行（污点、驱逐、崩溃），并删除其 Pod 使其重建。priorityClassName 设为 system-node-critical 可避免被驱逐。',
    risk: '那里的 Pod 本来就没有 DNS；重启缓存只需一两秒。',
  },
  'node-cache-bind.taken': {
    explanation: '查明 {node} 的 53 端口由谁监听；停止它，或让它绑定 {address} 以外的地址。',
    risk: '命令只读。停止节点上的 DNS 服务器可能使节点自身无法解析。',
  },
  'node-cache-bind.absent': {
    explanation: '查看 {node} 的接口上是否有 {address}；除非 -setupinterface=false，node-cache 会自行创建。',
    risk: '只读操作。',
  },
  'node-cache-address.corefile': {
    explanation: '把 Corefile 中的 {other} 改为 {address}。',
    risk: '请先用 "fathom lint" 检查；Corefile 中有 reload 时，各缓存会在 30 秒内重新加载。',
  },
  'node-cache-address.kubelet': {
    explanation:
      '或者让缓存也监听 {other}，或者把 {nodes} 上的 clusterDNS 改为 {address} 并重建那里的 Pod：其 resolv.conf 是启动时写入的。',
    risk: '修改 DaemonSet 会逐个节点重启缓存。',
  },
  'node-cache-ipvs': {
    explanation: '把 {nodes} 上 kubelet 的 clusterDNS 改为缓存自己的地址 {address}，并重建 Pod。',
    risk: '此后 Pod 依赖本节点的缓存：它停止时没有退路。',
  },
  'node-cache-rules.remove': {
    explanation: '清除以前的节点缓存在 {node} 上留下的规则和 nodelocaldns 接口。',
    risk: '注释中含 NodeLocal 的规则都会被删除。请先查看：iptables-save | grep NodeLocal。',
  },
  'node-cache-rules.restart': {
    explanation: '重启 {pod}：它会重新设置地址和规则。若再次消失，请查明 {node} 上是什么删除了它们。',
    risk: '该节点的 Pod 会有一两秒没有 DNS。',
  },
  'node-cache-upstream-service': {
    explanation:
      '创建 Service {service}（与 DNS Service 选择器相同的副本），或修正 {cache} 的 -upstreamsvc；然后重启缓存，它们在启动时读取其地址。',
    risk: '缓存会逐个节点重启。',
  },
  'node-cache-tcp.port': {
    explanation: '给 DNS Service {address} 加上 53/TCP 端口。',
    risk: '不影响现有功能；{nodes} 上的缓存将恢复对集群域名的应答。',
  },
  'node-cache-tcp.open': {
    explanation: '查明从 {nodes} 到 {address} 的路上是什么丢弃了发往 53 端口的 TCP；在此之前可让缓存使用 UDP 查询。',
    risk: 'prefer_udp 会重新经过连接跟踪，而 force_tcp 正是为了避免它。',
  },
  'node-cache-upstreams': {
    explanation: '修正 ConfigMap {configMap} 的 upstreamNameservers 或 stubDomains，或删除它。',
    risk: '缓存会在几秒内采用修改；没有该 ConfigMap 时使用节点的 resolv.conf。',
  },
  'node-cache-cilium': {
    explanation:
      '应用一个把 DNS Service 导向 {cache} 的 CiliumLocalRedirectPolicy（Cilium 需要 localRedirectPolicy=true）。',
    risk: '此后所有 Pod 都查询本节点的缓存。按 Cilium 的指南，它运行时不应使用 -setupinterface 和 -setupiptables。',
  },
  'security-groups': {
    explanation:
      '把 VPC CNI 的 POD_SECURITY_GROUP_ENFORCING_MODE 设为 standard 并重建 Pod，或让 {pods} 以 Service IP 为 nameserver（dnsConfig）。',
    risk: '会改变安全组对节点内流量的作用；aws-node 会在每个节点上重启。',
  },
}
