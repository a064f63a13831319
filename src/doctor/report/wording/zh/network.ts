import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const network: GroupWording<(typeof CAUSE_GROUPS)['network'][number]> = {
  'conntrack-race': {
    title: '同一条流的数据报在连接跟踪中竞争，其中一个被丢弃',
    summary: '{node} 的内核丢弃了在连接跟踪中竞争的数据报，发往 Service IP 的查询丢失了 {count} 个：客户端要等 5 秒',
    lines: {
      'nothing-lost': '{node} 的内核丢弃了在连接跟踪中竞争的数据报',
      grew: '{node}：连接跟踪的 insert_failed 在 {seconds} 秒内增加了 {growth}',
      halved: '从 {place}：发往 Service IP 的 {asked} 对查询（每对来自同一个套接字）中，有 {count} 对只收到一个响应',
      lost: '从 {node}：发往 Service IP 的 {all} 个 UDP 提问中有 {count} 个丢失了数据报，其余没有',
      'direct-fine': '从 {node}：直接向 CoreDNS Pod 的 {count} 个 UDP 提问没有丢失',
      'no-growth': '{nodes} 上连接跟踪的 insert_failed 没有增长',
    },
  },
  'conntrack-table-full': {
    title: '节点的连接跟踪表已满',
    summary: '{node} 的连接跟踪表已用 {percent} %：新的流会被丢弃，DNS 查询首当其冲',
    lines: {
      reported: '{node} 的连接跟踪表已满：新的流会被丢弃，DNS 查询首当其冲',
      usage: '{node}：{max} 个条目中已使用 {entries} 个（{percent} %）',
      dropped: '{node}：两次读数之间有 {count} 个数据包因没有空闲条目而被丢弃',
      condition: '{node}：状态条件 ConntrackFull 为 True：{message}',
      pods: '{node} 上运行着 {count} 个 Pod',
      room: '{nodes} 的连接跟踪表最多用了 {percent} %',
    },
  },
  'vxlan-checksum-offload': {
    title: '封装后的数据报校验和错误',
    summary: '从 {nodes} 经 {device} 发出、经过地址转换的数据报校验和错误而被丢弃：Pod 地址可达，Service IP 却不通',
    lines: {
      maybe: '在 {nodes} 上 Service IP 不通，而其他节点的 Pod 地址可达：与 {device} 上校验和错误的表现一致',
      checksums: '{node}：两次读数之间有 {count} 个数据报因 UDP 校验和错误被丢弃',
      service: '从没有 CoreDNS Pod 的 {nodes} 查询 {address}，无响应或重试后才应答',
      direct: '从那里按地址直接访问其他节点的 CoreDNS Pod，{count} 条路径可达',
      'no-vxlan': '{nodes} 上没有看到 VXLAN 设备',
      'no-pattern': '没有这样的节点：自身没有 CoreDNS Pod，Service IP 不通，却能到达其他节点的 Pod',
      'checksums-fine': '{nodes} 上没有数据报因校验和被丢弃',
    },
  },
  'vxlan-port-blocked': {
    title: 'Pod 网络所用的 UDP 端口被阻断或不一致',
    summary: '承载节点间 Pod 网络的 UDP 端口 {port} 在 {nodes} 上被阻断',
    lines: {
      maybe: '{nodes} 与其他节点之间的 Pod 流量不通：承载它的 UDP 端口 {port} 可能在途中被阻断',
      'different-ports': '{nodes} 承载 Pod 网络的 UDP 端口与其他节点使用的 {port} 不同',
      rule: '{node}：两次读数之间有一条规则拦下了 {count} 个数据包：{rule}',
      'other-port': '{node}：{device} 使用 UDP 端口 {port}，其他节点使用 {usual}',
      devices: '看到 {count} 个 VXLAN 设备，UDP 端口为 {port}',
      annotation: '{nodes}：网络插件的注解表明使用 VXLAN',
      broken: '节点间有 {count} 条路径没有任何响应，例如从 {from} 到 {node} 上的 {to}',
      'no-vxlan': '{nodes} 上没有看到 VXLAN 设备',
      works: '节点间有 {count} 条路径可达，没有一条无响应',
    },
  },
  'cross-node-traffic-broken': {
    title: '节点之间的 Pod 流量丢失',
    summary: 'CoreDNS Pod 只能从自己所在的节点访问：{nodes} 之间的 Pod 流量丢失',
    lines: {
      'route-ends': '{node} 上有一条 {type} 路由指向 {destination}：发往 {address} 的流量到此为止',
      'route-missing': '{node} 没有到 {address} 的路由：发往那里的流量根本没有离开本机',
      route: '{node}：{address} 匹配的路由是“{type} {destination}”',
      'no-route': '{node}：主路由表中没有到 {address} 的路由，也没有默认路由',
      'way-lost': '从 {place} 查询 {server}（{address}），没有任何响应返回',
      'way-refused': '从 {place} 到 {server}（{address}）：{detail}',
      'some-nodes': '{nodes} 与其他节点之间的 Pod 流量丢失；其余节点之间可达',
      'broken-udp':
        '节点间有 {count} 条路径没有任何响应，例如从 {from} 到 {node} 上的 {to}（{address}）；并非每条都经 TCP 查询过',
      broken: '节点间有 {count} 条路径经 UDP 与 TCP 都没有响应，例如从 {from} 到 {node} 上的 {to}（{address}）',
      local: '在 {nodes} 内部，到同节点 CoreDNS Pod 的 {count} 条路径可达',
      diagonal: '没有任何两个节点之间的路径可达',
      'others-work': '其他节点之间有 {count} 条路径可达；失败的每一条都有一端是 {nodes}',
      'one-way': '{nodes} 只能到达自己的 Pod：它发往其他节点 Pod 的流量全部丢失',
      'others-reach': '节点间有 {count} 条路径可达，没有一条始于 {nodes}',
      works: '节点间有 {count} 条路径可达，没有一条无响应',
      'no-pattern': '节点间有 {broken} 条路径失败、{working} 条可达，与具体节点无关',
    },
  },
  'udp-53-blocked': {
    title: 'UDP 53 端口被阻断，而 TCP 没有',
    summary: '从 {nodes} 发往 {servers} 的 UDP 查询丢失，而向同样地址的 TCP 查询有应答',
    lines: {
      differs: '从 {place}：向 {server}（{address}）发出的 {attempts} 个 UDP 查询没有响应；经 TCP 它有应答',
      all: '{of} 条路径中有 {count} 条如此',
      'at-server':
        '{pod} 丢失来自各处的 UDP 查询，连它自己的节点 {node} 发来的也丢失，而 TCP 有应答：丢包发生在它自己的命名空间里',
      'at-client': 'Pod {pod} 发往 {servers} 的 UDP 查询丢失，而 TCP 有应答，{node} 本身没有丢失',
      'at-times': '发往 {servers} 的 UDP 查询被 {nodes} 上的一条规则间歇丢弃；TCP 会重传，因而看不出来',
      'lost-at-times':
        '从 {place}：向 {server}（{address}）发出的 {of} 个 UDP 查询中有 {count} 个没有响应；经 TCP 是 {tcpOf} 个中的 {tcp} 个',
      rule: '{node}：两次读数之间有一条规则拦下了 {count} 个数据包：{rule}',
      both: '经 UDP 与 TCP 都询问过 {count} 个服务器：没有只经 TCP 应答的',
    },
  },
  'cloud-firewall-blocks-dns': {
    title: '节点组之间的防火墙',
    summary: '只有带 {label}={value} 的节点被隔断：很可能是节点组之间的安全组或网络 ACL 所致',
    lines: {
      between: '{nodes} 与 {others} 之间有 {count} 条路径没有响应',
      label: '其中一侧正是带 {label}={value} 的节点：{nodes}',
      within: '同组节点之间有 {count} 条路径可达',
      works: '节点间有 {count} 条路径可达，没有一条无响应',
      'no-group': '失败的 {count} 条路径与节点组或可用区的标签无关',
    },
  },
  'host-firewall-or-forwarding': {
    title: '节点不为其 Pod 转发流量',
    summary: '{node} 不为其 Pod 转发任何流量：防火墙或内核参数拦下了不属于它自己的数据包',
    lines: {
      'way-held': '{node} 用规则拦下了 {place} 与 {server}（{address}）之间的往来：{rule}',
      'ways-held':
        '{node} 用规则拦下了到 CoreDNS Pod 的 {count} 条路径，其中有 {place} 到 {server}（{address}）：{rule}',
      'way-lost': '从 {place} 查询 {server}（{address}），没有任何响应返回',
      rejected: '{node} 或其前面的设备拒绝了其 Pod 收发的流量',
      'forwarding-off': '{node}：net.ipv4.ip_forward 为 0',
      policy: '{node}：FORWARD 链的默认策略为 DROP（{backend}）',
      chain: '{node}：转发数据包所经过的 nftables 链 {chain} 的默认策略为 drop',
      rule: '{node}：两次读数之间有一条规则拦下了 {count} 个数据包：{rule}',
      'nothing-forwarded': '{node} 需要转发的 {all} 条路径中有 {count} 条没有响应，例如从 {place} 到 {server}',
      unreachable: '有 {count} 个查询被拒绝：{detail}',
      'tcp-to-replicas': '{node} 丢弃它需要转发的 53 端口 TCP 流量：其他 {count} 处都无法经 TCP 访问 {servers}',
      'tcp-of-pods': '{node} 丢弃它需要为其 Pod 转发的 53 端口 TCP 流量',
      'tcp-lost': '从 {places} 到 {server} 的 TCP 没有响应',
      'tcp-lost-of-pod': '从 {place} 到 {server}（{address}）的 TCP 没有响应',
      'tcp-at-home': '在 {node} 本机上 {server} 经 TCP 有应答',
      'udp-passes': '这 {count} 条路径的 UDP 都有应答',
      forwards: '{nodes} 需要为 Pod 转发的流量都已到达',
    },
  },
  'network-policy-blocks-egress': {
    title: '网络策略使 Pod 无法访问 CoreDNS',
    summary: '网络策略 {policies} 不允许 {who} 访问任何 CoreDNS Pod',
    lines: {
      'one-transport': '网络策略 {policies} 只允许 {who} 用一种传输协议访问 CoreDNS：{transport} 被拦下',
      selected: '{policies} 的出站规则选中了 {pods}',
      'none-admits': '{count} 个策略的出站规则都不允许访问 {namespace} 中 {service} 背后 Pod 的 53 端口',
      'other-transport-only': '没有出站规则允许经 {transport} 访问 {service} 背后 Pod 的 53 端口',
      asked: '从 {place}：{count} 个提问没有响应，所询问的服务器包括 {address}',
      'no-policies': '没有限制出站的网络策略',
      admitted: '出站策略（{count} 个）允许所选 Pod 使用 DNS',
      'not-enforced': '从 {place}：策略虽不允许，{address} 却有应答：网络插件没有执行这些策略',
    },
  },
  'network-policy-misses-node-cache': {
    title: '网络策略没有放行节点缓存',
    summary: '网络策略 {policies} 允许 {who} 访问 CoreDNS Pod，却没有放行它实际询问的节点缓存 {address}',
    lines: {
      asks: '{pods}：nameserver 是 {address}，即使用主机网络的节点缓存，podSelector 选不中它',
      'admits-replicas': '{policies} 放行了 CoreDNS Pod，但没有 ipBlock 包含 {address}',
      asked: '从 {place}：{count} 个提问没有响应，所询问的服务器包括 {address}',
      'no-policies': '没有限制出站的网络策略',
      admitted: '出站策略（{count} 个）放行了节点缓存，或所选 Pod 不使用它',
      'not-enforced': '从 {place}：策略虽不允许，{address} 却有应答：网络插件没有执行这些策略',
    },
  },
  'network-policy-misses-cloud-dns': {
    title: '网络策略没有放行云厂商的解析服务器',
    summary: '网络策略 {policies} 不允许 {who} 访问 {address}，而它询问的正是这个服务器，而非 CoreDNS',
    lines: {
      asks: '{pods}：nameserver 是 {address}（{server}），既不是 DNS Service，也不是节点缓存',
      'no-block': '{policies} 中没有 ipBlock 包含 {address}',
      asked: '从 {place}：{count} 个提问没有响应，所询问的服务器包括 {address}',
      'no-policies': '没有限制出站的网络策略',
      admitted: '出站策略（{count} 个）放行了绕过 CoreDNS 的查询，或所选 Pod 没有这样的查询',
      'not-enforced': '从 {place}：策略虽不允许，{address} 却有应答：网络插件没有执行这些策略',
    },
  },
  'network-policy-blocks-coredns': {
    title: 'CoreDNS Pod 上的网络策略拦下了 DNS',
    summary: 'CoreDNS Pod 上的网络策略 {policies} 挡住了 {count} 个客户端：{clients}',
    lines: {
      egress: '网络策略 {policies} 使 CoreDNS Pod 无法访问它们所需的：{targets}',
      selected: '{policies} 选中了 {count} 个 CoreDNS Pod',
      'kept-out': '没有入站规则允许 {count} 个客户端经两种传输协议访问 53 端口：{clients}',
      'no-way-to-api-server': '没有出站规则允许访问 API server（{address}）',
      'no-way-to-upstreams': '没有出站规则允许访问上游服务器的 53 端口（{address}）',
      asked: '从 {place}：{server} 没有响应（共 {count} 个提问）',
      'no-policies': '没有网络策略选中这 {count} 个 CoreDNS Pod',
      admitted: '{policies} 放行了客户端、API server 和上游服务器',
      'not-enforced': '策略虽不允许，{clients} 却得到了应答：网络插件没有执行这些策略',
    },
  },
  'service-mesh-dns-capture': {
    title: '服务网格代替 CoreDNS 应答',
    summary: '在 {pod} 中，服务网格自行应答 DNS 查询（{how}），且与 CoreDNS 的应答不同',
    lines: {
      'only-captured': '在 {pod} 中，服务网格自行应答 DNS 查询（{how}）',
      captured: '{pod}：{how}',
      differs: '从 {pod}：{question} 得到 {answer}；而 {server} 的应答是 {right}',
      'no-capture': '{count} 个 Pod 的 DNS 都没有被服务网格接管',
      'same-answers': '{pod} 得到了正确的应答（{count} 个提问）',
    },
  },
  'cilium-dns-proxy-conflict': {
    title: 'Cilium 的 DNS 代理与节点缓存不协调',
    summary: 'Cilium 带 DNS 规则的策略（{policies}）与 {service} 的节点缓存或重定向并存，Pod 的查询在两者之间丢失',
    lines: {
      'dns-rules': '{count} 个 Cilium 策略含 DNS 规则或 toFQDNs，由其代理应答：{policies}',
      'no-redirect': '没有 CiliumLocalRedirectPolicy 把 {service} 导向节点缓存 {cache}',
      redirect: 'CiliumLocalRedirectPolicy {policies} 重定向了 {service}',
      failing: 'Pod 或节点缓存的提问有 {count} 个失败',
      'no-dns-rules': '{count} 个 Cilium 策略都没有 DNS 规则',
      'no-cache': '{count} 个 Cilium 策略含 DNS 规则，但既没有节点缓存，也没有重定向',
    },
  },
}

export const networkFixes: Readonly<Record<string, FixWording>> = {
  'conntrack-race': {
    explanation:
      '用节点缓存让 DNS 绕开连接跟踪，或让 {node} 上受影响 Pod 的 glibc 每个查询使用单独的套接字（single-request-reopen）。',
    risk: '修改模板会重启该工作负载的 Pod。',
  },
  'conntrack-table-full': {
    explanation: '提高 {node} 的上限（长久之计：kube-proxy 的 conntrack.maxPerCore），并查明是谁占用了这么多流。',
    risk: '每个条目约占 300 字节内核内存。',
  },
  'vxlan-checksum-offload': {
    explanation: '让内核在 {nodes} 的 {device} 上自行计算校验和；更新内核或网络插件可彻底解决。',
    risk: 'CPU 开销略增；设备重建后该设置会丢失。',
  },
  'vxlan.open-port': {
    explanation: '在所有节点之间放行 UDP 端口 {port}，首先是 {nodes}：主机、安全组与交换机都要检查。',
    risk: '只在节点之间开放一个端口；对外请保持关闭。',
  },
  'vxlan.align-port': {
    explanation: '让所有节点使用同一端口（{port}）：{nodes} 上的不同。请在网络插件中设置并在那里重启它。',
    risk: '设备重建期间这些节点的 Pod 流量中断；反正现在也不通。',
  },
  'cross-node-traffic-broken.route': {
    explanation: '在 {node} 上删除这条路由；网络插件对这些 Pod 有自己的、更宽的路由。',
    risk: '它是被人或某个程序加上的，可能还会再出现。',
  },
  'cross-node-traffic-broken': {
    explanation: '检查 {nodes} 上网络插件的 Pod、路由、隧道和防火墙；在两端同时观察一端发出的数据包是否到达另一端。',
    risk: '没有风险：这些命令只是查看。',
  },
  'udp-53-blocked': {
    explanation:
      '在 {nodes} 上以及节点之间放行 UDP 53 端口。在此之前，Pod 可改用 TCP（options use-vc），节点缓存可用 force_tcp。',
    risk: '只在节点与 Pod 之间开放 DNS。',
  },
  'udp-53-blocked.in-pod': {
    explanation:
      '在 {pod} 的命名空间里放行 UDP 53 端口：那里的规则随 Pod 一同消失，但写下它的程序（sidecar、网络插件、策略）可能会再次写入。',
    risk: '暂时少一个 Pod；没有控制器的 Pod 不会自动重建。',
  },
  'cloud-firewall-blocks-dns': {
    explanation: '在云平台上让带 {label}={value} 的节点与其他节点互通：UDP 与 TCP 53 端口，以及承载 Pod 网络的端口。',
    risk: '若规则以安全组指定，则只在本集群的节点之间开放端口。',
  },
  'host-firewall-or-forwarding.rule': {
    explanation: '在 {node} 上删除这条规则，并停掉写入它的程序：防火墙或脚本可能会把它写回来。',
    risk: '这条规则可能是有意设置的：请先弄清是谁写入的。',
  },
  'host-firewall-or-forwarding': {
    explanation: '让 {node} 为其 Pod 转发流量，并在下次启动后依然有效（sysctl.d 以及防火墙自身的配置）。',
    risk: '主机防火墙可能是有意设置的：若它保护着该节点，请放行集群所需的流量，而不是整个关掉。',
  },
  'network-policy-blocks-egress': {
    explanation: '在 {namespace} 中为同样的 Pod 增加一个策略，放行 UDP 与 TCP 的 DNS。策略是叠加的：无需修改现有策略。',
    risk: '向已被出站策略选中的 Pod 开放 DNS 服务器的 53 端口；不影响其他 Pod。',
  },
  'network-policy-misses-node-cache': {
    explanation: '在 {namespace} 中增加一个策略，按地址放行 {address} 与 DNS Service，UDP 与 TCP 都要。',
    risk: '向已被出站策略选中的 Pod 开放 DNS 服务器的 53 端口；不影响其他 Pod。',
  },
  'network-policy-misses-cloud-dns': {
    explanation: '在 {namespace} 中增加一个策略，放行 {address}，UDP 与 TCP 都要。',
    risk: '在有些云上该地址还提供实例元数据：该规则只开放 53 端口。',
  },
  'network-policy-blocks-coredns': {
    explanation:
      '增加一个策略，允许所有客户端访问 CoreDNS，并允许 CoreDNS 访问 API server 和上游服务器。{policies} 可以保留：策略是叠加的。',
    risk: '向集群开放 CoreDNS Pod 的 53 端口，与没有策略时相同。',
  },
  'service-mesh-dns-capture': {
    explanation: '为 {pod} 所属的工作负载关闭 DNS 接管，或用 ServiceEntry 让服务网格认识这个名字。',
    risk: '关闭后，只有服务网格认识的名字在该工作负载中将无法解析。',
  },
  'cilium-dns-proxy-conflict': {
    explanation:
      '按照 Cilium 关于节点本地缓存的指南：为 {service} 设置 CiliumLocalRedirectPolicy，并让 DNS 规则指向 Pod 实际询问的服务器。',
    risk: '没有风险：这些命令只是查看。',
  },
}

export const networkPhrases: Readonly<Record<string, string>> = {
  'conntrack-race.missing-loss': '从 {node} 发往 Service IP 的查询丢失，而其他查询以及直接发往 Pod 的查询没有丢失',
  'cross-node-traffic-broken.missing-tcp': '经 TCP 访问其他节点上的 CoreDNS Pod：被拦截的也可能只是 UDP',
  'cross-node-traffic-broken.missing-local': '{nodes} 上能就地应答的 CoreDNS Pod：没有它，问题也可能在节点本身',
  'vxlan-port-blocked.missing-capture': '在 {nodes} 与另一节点上抓取 UDP 端口 {port}：一端发出的没有到达另一端',
  'vxlan-checksum-offload.missing-checksums':
    '{nodes} 上校验和错误的数据报：两次读取 /proc/net/snmp，或内核日志中的 "UDP: bad checksum"',
  'cloud-firewall-blocks-dns.missing-cloud': '云平台自身的信息：带 {label}={value} 的节点的安全组与网络 ACL',
  'host-firewall-or-forwarding.missing-reason': '{node} 的 FORWARD 默认策略、防火墙规则与 net.ipv4.ip_forward',
  'network-policy-misses-cloud-dns.missing-query': '从 {pods} 查询 {address}，或 CoreDNS 的请求计数停止不动',
  'service-mesh-dns-capture.missing-answer': '从 {pod} 发出、应答与 CoreDNS 不同的查询',
  'not-checked.conntrack-read-once': '没有两次读取连接跟踪的计数',
  'not-checked.no-cross-node': '没有询问其他节点的 CoreDNS Pod',
  'not-checked.no-links': '没有看到任何节点的网络设备',
  'not-checked.no-transports': '没有服务器经 UDP 与 TCP 都被询问过',
  'not-checked.no-policies': '没有看到网络策略',
  'not-checked.no-cilium-policies': '没有看到 Cilium 的策略',
  'not-checked.captured-pods': '服务网格接管了 {count} 个 Pod 的 DNS；没有指定要查的 Pod（--from NAMESPACE/POD）',
}
