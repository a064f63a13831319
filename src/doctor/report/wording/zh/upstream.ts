import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

/** Where an upstream stands and who asks it: said by several causes. */
export const places = {
  'in-file': '{file} 共有 {count} 个 nameserver，{address} 是第 {position} 个；kubelet 把该文件交给 Pod（{kubelet}）',
  'in-corefile': 'ConfigMap {name} 的 Corefile 第 {line} 行转发到 {address}',
  'felt-by-pods-first':
    '{nodes} 上有 {count} 个 Pod 直接使用节点的解析配置（dnsPolicy 为 Default 或 hostNetwork），首先查询的就是它，每个域名都要等待 5 秒：{pods}',
  'felt-by-pods-behind':
    '{nodes} 上有 {count} 个 Pod 直接使用节点的解析配置（dnsPolicy 为 Default 或 hostNetwork），每当 {before} 没有应答，就要再等它 5 秒：{pods}',
  'asked-by-servers': '在 {nodes} 上由 {servers} 向它转发',
  'felt-by-servers': '在 {nodes} 上由 {servers} 向它转发，因此该节点缓存之后的 {count} 个 Pod 也受影响',
}

export const upstream: GroupWording<(typeof CAUSE_GROUPS)['upstream'][number]> = {
  'upstream-dead': {
    title: '某个上游从不应答',
    summary: '上游 {address} 从不应答，而 {nodes} 正在使用它',
    lines: {
      ...places,
      silent: '从 {node} 经 UDP 和 TCP 向 {address} 发出 {attempts} 次查询，{seconds} 秒内全无响应',
      'silent-beside':
        '从 {node} 经 UDP 和 TCP 向 {address} 发出 {attempts} 次查询，{seconds} 秒内全无响应；同一位置查询 {control} 仅需 {rttMs} 毫秒',
      'counter-grew': '{server} 对 {to} 的健康检查失败次数在 {seconds} 秒内增加了 {growth}',
      'log-timeouts': '{server} 的日志中有 {count} 次从 {to} 读取超时（i/o timeout）',
      slow: '{server} 解析集群外域名最慢用了 {seconds} 秒（{count} 次）：它先等待了另一个上游',
      answers: '从 {nodes} 经 {transports} 查询 {address} 有应答',
      'cut-off':
        '{node} 也列有 {address}，但排在第 {position} 个：kubelet 只保留三个，那里的 Pod 从未查询过它，与本故障无关',
    },
  },
  'upstreams-not-equivalent': {
    title: '各上游所知的域名不同',
    summary: '{node} 上各上游对 {name} 的说法不一：{knowing} 能解析，{denying} 却说不存在',
    lines: {
      ...places,
      knows: '从 {node} 查询：{upstreams} 能解析 {name}',
      denies: '从 {node} 查询：{upstreams} 对 {name} 返回 NXDOMAIN，对提问者来说这就是最终结果',
      'random-choice': 'forward 对每个查询随机选择其一：{servers}',
      agree: '从 {node} 查询，{upstreams} 的应答类型一致',
    },
  },
  'upstream-health-check-mismatch': {
    title: '健康检查所用的传输协议得不到上游应答',
    summary:
      '上游 {address} 经 {answering} 有应答，经 {silent} 却没有，而健康检查用的正是后者：它明明可用，在 {nodes} 上却被标记为不可用',
    lines: {
      ...places,
      'one-transport':
        '从 {node} 经 {silent} 向 {address} 发出 {attempts} 次查询，{seconds} 秒内无响应；经 {answering} 则在 {rttMs} 毫秒内应答',
      'counter-grew': '{server} 对 {to} 的健康检查失败次数在 {seconds} 秒内增加了 {growth}',
      'checked-over': '{servers} 经 {silent} 检查它的健康状态：这也由 force_tcp 决定',
      answers: '{to} 经 {transports} 有应答',
      silent: '{to} 经两种传输协议都没有应答',
    },
  },
  'search-domain-servfail': {
    title: '从节点继承的搜索域返回失败而不是“不存在”',
    summary:
      '{nodes} 上的 Pod 继承了搜索域 {suffix}，而该域下的查询会失败：Alpine（musl）和 Node.js 的 Pod 就此停止，不再查询域名本身',
    lines: {
      fails: '{server} 对 {name} 返回 {rcode}',
      silent: '{server} 对 {name} 在 {seconds} 秒内没有响应',
      plain: '{server} 能解析 {name} 本身',
      inherited: '{suffix} 位于 {nodes} 的 {path} 的搜索列表中，kubelet 会把它追加到 Pod 的搜索列表之后',
      who: 'musl 遇到第一个失败就结束搜索（EAI_AGAIN）；glibc 会继续，直到查询域名本身',
      'no-suffix': '节点没有把任何搜索域交给 Pod',
      answered: '{suffixes} 之下的域名正常应答或返回不存在',
    },
  },
  'too-many-search-domains': {
    title: '搜索列表超过 kubelet 的上限',
    summary: '{node} 上 Pod 的搜索列表过长：kubelet 舍弃了 {omitted}',
    lines: {
      'by-event': '{node} 上 {pod} 的搜索列表过长：kubelet 只采用 {kept}，其余被舍弃',
      event: '该节点有 {count} 个 DNSConfigForming 事件，例如 {pod}：实际生效的搜索列表是 {kept}',
      omitted: '对 {pod} 的列表，kubelet（{version}）保留 {kept}，舍弃 {omitted}',
      file: '{file} 带来搜索域 {searches}；kubelet 还会在前面加上集群自己的三个',
      'omitted-answers': '{name} 位于被舍弃的搜索域之下，而 {server} 能解析它',
      none: '{count} 个节点上的搜索列表都没有超过 kubelet 的上限',
    },
  },
  'search-domain-is-dot': {
    title: '旧版 kubelet 把搜索域“.”变成了空域',
    summary: '{node} 上的 kubelet {version} 把 {file} 中的 "search ." 变成了空的搜索域',
    lines: {
      'pod-file': '{pods} 的 /etc/resolv.conf 的 search 一行中有空的搜索域',
      file: '{file} 中有 "search ."',
      version: '{node} 运行 kubelet {version}；从 1.25 起才会略去根域',
      concerned: '{node} 上有 {count} 个 Pod 继承该列表',
      'no-root': '{count} 个节点的搜索列表中都没有“.”',
      recent: '{node} 运行 kubelet {version}，它会略去根域',
    },
  },
  'resolv-conf-missing': {
    title: 'kubelet 要交给 Pod 的文件不存在',
    summary: '{node} 上没有 {path}，而那里的 kubelet 要把它交给 Pod：新的 Pod 都无法启动',
    lines: {
      event: '有 {count} 个事件，例如 {pod}：open {path}: no such file or directory',
      configuration: 'kubelet 的 resolvConf 是 {path}（{from}）',
      absent: '{node} 上不存在 {path}',
      stuck: '{node} 上有 {count} 个 Pod 无法启动：{pods}',
      'no-event': '没有事件提到 resolv.conf 不存在',
      present: '在 {count} 个节点上读到了 kubelet 的 resolvConf 所指的文件',
    },
  },
  'loopback-nameserver-in-pod': {
    title: 'Pod 使用了节点的本地存根解析器，而 Pod 内并没有它',
    summary:
      '{node} 上有 {count} 个 Pod 的 nameserver 是节点的存根解析器 {addresses}：Pod 的网络中没有程序在该地址监听',
    lines: {
      asked: '在 {pod} 中查询 {address} 没有应答',
      file: '{file} 列出 {addresses}，即节点自身',
      'handed-out': 'kubelet 把 {path} 交给 Pod（{from}）',
      policy: '{count} 个 Pod 使用节点的文件（dnsPolicy {policy}），却不在节点的网络中：{pods}',
      none: '{count} 个节点的文件都没有列出回环地址',
      nobody: '{node} 列出 {addresses}，但那里没有 Pod 在自己的网络中使用该文件',
    },
  },
  'resolver-packet-rate-limit': {
    title: '超过 VPC 解析器的包速率上限，超出部分被丢弃',
    summary: '{node} 每秒向 VPC 解析器及其他链路本地服务发送超过 1024 个数据包：超出的部分被网络丢弃',
    lines: {
      grew: '{node}：{link} 的 linklocal_allowance_exceeded 在 {seconds} 秒内增加了 {growth}（现为 {total}）',
      counted: '{node}：{link} 的 linklocal_allowance_exceeded 为 {total}',
      conntrack: '{node}：{link} 的 conntrack_allowance_exceeded 也增加了 {growth}',
      limit: '该上限按网卡计算；{node} 上代别人查询解析器的有：{servers}',
      none: '{nodes} 上的 linklocal_allowance_exceeded 没有增长',
    },
  },
  'too-many-nameservers': {
    title: 'nameserver 数量超过解析器的上限',
    summary: '{node} 列有 {count} 个 nameserver，Pod 只能得到前三个：{cutOff} 从不会被查询',
    lines: {
      file: '{file} 列有 {count} 个 nameserver；kubelet 保留 {kept}，舍弃 {cutOff}',
      event: '该节点有 {count} 个 DNSConfigForming 事件，例如 {pod}：实际生效的是 {kept}',
      'by-event': '{node} 的 nameserver 多于 Pod 能得到的三个：kubelet 只采用 {kept}，其余被舍弃',
      'never-used': '{cutOff} 从未进入 {node} 上的任何 Pod：那里的 Pod 遇到的问题与它无关',
      'cut-off-answers': '被舍弃的 {address} 从 {node} 能给出保留的几个给不出的应答',
      'within-limit': '{node} 列有 {count} 个 nameserver，未超过三个',
      'no-event': '{count} 个节点上都没有 DNSConfigForming 事件',
    },
  },
}

export const upstreamFixes: Readonly<Record<string, FixWording>> = {
  'upstream.remove-from-file': {
    explanation:
      '把 {address} 从 kubelet 交给 {nodes} 上 Pod 的文件中删除，并从生成该文件的配置中删除；然后重建启动时复制了该文件的 Pod。',
    risk: '其余 nameserver 将承担全部负载；所列 Pod（包括 CoreDNS 和节点缓存）会重启，该节点上的查询可能有几秒钟失败。',
  },
  'upstream.remove-from-generated-file': {
    explanation:
      '把 {address} 从 kubelet 交给 {nodes} 上 Pod 的文件中删除。该文件是自动生成的：还要从 netplan、NetworkManager 或 DHCP 的配置中删除，否则它会再次出现。然后重建启动时复制了该文件的 Pod。',
    risk: '其余 nameserver 将承担全部负载；所列 Pod（包括 CoreDNS 和节点缓存）会重启，该节点上的查询可能有几秒钟失败。',
  },
  'upstream.remove-from-corefile': {
    explanation: '把 {address} 从 forward 一行中删除；Corefile 中有 reload 时 CoreDNS 会自动重新加载。',
    risk: 'Corefile 写错时旧配置会继续运行，而新 Pod 无法启动：请先用 "fathom lint" 检查。',
  },
  'upstreams-not-equivalent': {
    explanation: '为 {zone} 单独写一个 server block，转发到知道它的上游（{upstreams}）；或者只列出彼此等价的服务器。',
    risk: '此后 {zone} 的域名只依赖这些服务器。',
  },
  'too-many-nameservers': {
    explanation: '{node} 的 {path} 中最多保留三个 nameserver，重要的排在前面。',
    risk: '对 Pod 没有影响：多余的从未被读取。运行中的 Pod 在重建之前仍使用原来的副本。',
  },
  'upstream-health-check-mismatch.udp': {
    explanation:
      '放通到 {address} 的 UDP 53 端口；或者让服务器只经 TCP 查询并检查它：在 forward 的花括号中加上 force_tcp。',
    risk: 'force_tcp 对该 forward 的所有上游生效；不支持 TCP 的上游会因此失败。',
  },
  'upstream-health-check-mismatch.tcp': {
    explanation: '放通到 {address} 的 TCP 53 端口，或者从 forward 的花括号中去掉 force_tcp。',
    risk: '经 UDP 的大应答会被截断，需要改用 TCP 重查，而 {address} 不应答 TCP。',
  },
  'search-domain-servfail': {
    explanation:
      '把 {suffix} 从 kubelet 交给 Pod 的文件的搜索列表中删除，并从生成该文件的配置（DHCP、netplan、systemd-resolved）中删除，然后重建 Pod；或者给工作负载设置 dnsConfig（ndots:1），或在域名末尾加点。',
    risk: '原本依靠 {suffix} 补全的短域名将无法解析。',
  },
  'too-many-search-domains': {
    explanation: '缩短 {node} 的 {path} 或其来源配置中的搜索列表；运行中的 Pod 仍使用原来的副本。',
    risk: '依靠被删除的搜索域补全的短域名将无法解析。',
  },
  'search-domain-is-dot': {
    explanation: '把 {node} 的 kubelet 升级到 1.25 或更高版本，或者为主机设置真正的搜索域来代替“.”；然后重建 Pod。',
    risk: '使用新搜索域的 Pod 会先查询该域之下的名字。',
  },
  'resolv-conf-missing': {
    explanation: '让 {node} 上 kubelet 的 resolvConf 指向存在的文件，而不是 {path}，然后重启 kubelet。',
    risk: '如果该文件中是 127.0.0.53，Pod 得到的 nameserver 在 Pod 内并不存在：参见 loopback-nameserver-in-pod。',
  },
  'resolv-conf-missing.systemd': {
    explanation: '在 {node} 上启动 systemd-resolved，由它生成 {path}；或者让 resolvConf 指向存在的文件。',
    risk: '在某些系统上 systemd-resolved 会接管主机自己的 resolv.conf：请在操作前后查看。',
  },
  'loopback-nameserver-in-pod': {
    explanation: '让 {node} 上的 kubelet 交出列有真实上游的 {path}，重启 kubelet 并重建 Pod。',
    risk: '对运行中的 Pod 没有影响：它们在重建之前仍使用原来的副本。',
  },
  'resolver-packet-rate-limit': {
    explanation:
      '把 CoreDNS 分散到更多节点，使用节点本地缓存，并减少搜索列表造成的成倍查询（参见 ndots-query-amplification）；{node} 已超过上限。',
    risk: '更多的 CoreDNS Pod 也会增加对 API server 的监听。',
  },
}

/** What would decide, and why nothing was checked. */
export const upstreamPhrases: Readonly<Record<string, string>> = {
  'upstream-health-check-mismatch.missing-counter': '{servers} 的指标中 {address} 的健康检查失败次数',
  'search-domain-servfail.missing-name': '对 {name} 的查询',
  'too-many-search-domains.missing-events': '列出事件的权限',
  'too-many-search-domains.missing-event': 'kubelet 的 DNSConfigForming 事件',
  'search-domain-is-dot.missing-pod-file': '{node} 上某个 Pod 的 /etc/resolv.conf（--from NAMESPACE/POD）',
  'resolv-conf-missing.missing-event': '{node} 上无法启动的 Pod 的事件',
  'resolv-conf-missing.missing-configuration': '{node} 上 kubelet 的配置',
  'resolver-packet-rate-limit.missing-growth': '在查询失败期间再次读取 {node} 上的该计数器',
  'not-checked.no-health-check': '集群中没有服务器转发到 {address}，因此没有健康检查',
  'not-checked.no-allowance-counters':
    '所见的网卡都没有 linklocal_allowance_exceeded 计数器（AWS 的网卡驱动才有，可在节点上用 ethtool 查看）',
}
