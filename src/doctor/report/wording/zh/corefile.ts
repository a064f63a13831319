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
}

export const corefileFixes: Readonly<Record<string, FixWording>> = {
  'forwarding-loop': {
    explanation:
      '让 kubelet 改为下发 {file}（其中是 {node} 真正的 nameserver），重启 kubelet，再重建 CoreDNS Pod。不要只删除 "loop"：那样每个查询都会循环到超时。',
    risk: '此后启动的 dnsPolicy 为 Default 的 Pod 会得到新文件；运行中的 Pod 保留原来的。',
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
}
