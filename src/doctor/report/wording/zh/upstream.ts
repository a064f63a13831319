import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

/** Where an upstream stands and who asks it: said by several causes. */
const places = {
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
}
