import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const falseAlarm: GroupWording<(typeof CAUSE_GROUPS)['false-alarm'][number]> = {
  'forward-metrics-renamed': {
    title: '仪表盘查询的是已改名的指标',
    summary: '{map} 查询 {gone}，而 CoreDNS 现在以 {instead} 提供：那里的“无数据”并不等于零',
    lines: {
      asks: '{map} 查询 {gone}',
      renamed: '{server} 提供 coredns_proxy_* 系列，而没有 {gone}',
      'nobody-asks': '所见的 {count} 个 ConfigMap 都没有查询已改名的指标',
      present: '{server} 提供了所查询的全部指标',
    },
  },
  'coredns-metrics-unavailable': {
    title: 'CoreDNS 没有提供指标',
    summary: 'CoreDNS 没有提供指标（{map}）：指标所能说明的情况无从得知，这不等于一切正常',
    lines: {
      'no-directive': '{map} 的 Corefile 中没有 "prometheus"',
      'loopback-only': '{map} 的 Corefile 中是 "prometheus {listen}"，只在 Pod 内部监听',
      ports: 'DNS Service 的端口：{ports}',
      blind: '{count} 个 CoreDNS Pod 的延迟、上游和返回码只能从查询中得知',
      shown: '{map} 在端口 {port} 提供指标',
    },
  },
  'dig-ignores-search-list': {
    title: 'dig 不使用搜索列表',
    summary: '{given} 补全为 {name} 后可以解析：应用程序能解析它，而 "dig {given}" 会失败，因为 dig 默认不使用搜索列表',
    lines: {
      resolves: '{server} 能解析 {name}',
      searched: 'Pod 在 {searched} 之下查找 {given}；dig 只查询 "{given}."',
      absolute: '{name} 是按原样查询的',
      'fails-too': '{name} 也没有记录：差别不在搜索列表',
    },
  },
}

export const falseAlarmFixes: Readonly<Record<string, FixWording>> = {
  'forward-metrics-renamed': {
    explanation: '把 {gone} 换成 {instead}；两种 CoreDNS 版本并存时用 or 同时查询。',
    risk: '对 DNS 没有影响。',
  },
  'coredns-metrics-unavailable': {
    explanation:
      '在 {map} 的第一个 server block 中加上 "prometheus :9153"；Service 中有 9153 端口时 Prometheus 才能发现它。',
    risk: 'Corefile 写错时旧配置会继续运行，而新 Pod 无法启动：请先用 "fathom lint" 检查。',
  },
  'dig-ignores-search-list': {
    explanation: '无需修复：在 Pod 中使用 +search，或者写完整域名。',
    risk: '无。',
  },
}
