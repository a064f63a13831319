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
  'replica-answers-differ': {
    title: '各副本的应答不一致',
    summary: '对于 {question}，{pods} 的应答与其他副本不一致',
    lines: {
      odd: '{replica} 对 {question}（TCP）的应答：{answer}',
      others: '{replica} 对 {question}（TCP）的应答：{answer}',
      corefile: '它们运行的 Corefile 不同：{odd} 为 {oddHash}…，{other} 为 {otherHash}…（SHA-512，取自各自的日志）',
      image: '镜像不同：{odd}，另一副本为 {other}',
      'start-time': '启动时间为 {odd}，另一副本为 {other}',
      'from-cache': '{replica} 的应答来自缓存，可能几秒后就会恢复正确',
      agree: '{count} 个副本对 {questions} 个问题的应答一致',
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
}
