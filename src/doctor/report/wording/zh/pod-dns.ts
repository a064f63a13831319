import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

export const podDns: GroupWording<(typeof CAUSE_GROUPS)['pod-dns'][number]> = {
  'cluster-dns-unset': {
    title: 'kubelet 没有设置 clusterDNS',
    summary: '{node} 上的 kubelet 没有 clusterDNS：其 Pod 得到节点的 resolv.conf，解析不了集群内的域名',
    lines: {
      event: '该节点的 Pod 有 {count} 个 MissingClusterDNS 事件，例如 {pod}',
      configuration: '配置来源：{from}',
      concerned: '其上有 {count} 个 dnsPolicy 为 ClusterFirst 的 Pod：{pods}',
      set: '{count} 个节点的 clusterDNS 为 {value}（{from}）',
    },
  },
  'cluster-dns-wrong-address': {
    title: 'kubelet 的 clusterDNS 地址无人服务',
    summary: '{nodes} 上的 kubelet 给 Pod 的域名服务器是 {address}，那里没有集群的 DNS',
    lines: {
      'handed-out': '{nodes} 的 clusterDNS 为 {address}（{from}）',
      'served-at': '集群的 DNS 在 {addresses}',
      'no-answer': '从 {nodes} 向 {address} 查询集群内域名，{count} 次均失败',
      answers: '从 {node} 查询，{address} 能回答集群内的域名',
      'cache-address': '{address} 是节点本地缓存的地址',
      served: '{count} 个节点的 clusterDNS 为 {address}，即 {server}',
    },
  },
  'cluster-domain-mismatch': {
    title: 'kubelet 的集群域与所服务的区不一致',
    summary: '{nodes} 上 kubelet 的集群域是 {domain}，而 Corefile 服务的是 {served}',
    lines: {
      kubelet: '{nodes} 的 clusterDomain 为 {domain}（{from}）',
      corefile: 'ConfigMap {configMap} 的 kubernetes 指令服务 {served}',
      'search-list': 'Pod 的搜索域以 {domain} 结尾：短域名在无人服务的区里查找',
      same: '{count} 个节点的 clusterDomain 为 {domain}，与 Corefile 一致',
    },
  },
  'host-network-cluster-first': {
    title: '主机网络的 Pod 使用了 ClusterFirst',
    summary: '{owner} 使用主机网络且 dnsPolicy 为 ClusterFirst，kubelet 把它当作 Default',
    lines: {
      fields: '{count} 个 Pod 设置了 hostNetwork: true 与 dnsPolicy: ClusterFirst：{pods}',
      'becomes-default': '{owner} 得到节点的 resolv.conf：那里不认识集群内的域名',
      none: '没有同时使用 hostNetwork 与 ClusterFirst 的 Pod',
    },
  },
  'dns-policy-none-incomplete': {
    title: 'dnsPolicy None 缺少集群所需的设置',
    summary: '{owner} 的 dnsPolicy 为 None，而其 dnsConfig 到不了集群的 DNS',
    lines: {
      policy: '{count} 个 Pod 的 dnsPolicy 为 None：{pods}',
      'no-nameserver': 'dnsConfig 没有域名服务器',
      'other-nameservers': '域名服务器 {nameservers} 不在 {known} 之中',
      'no-searches': 'dnsConfig 没有搜索域：短域名无法解析',
      meant: '{given} 会按原样查询；若用 ClusterFirst 的搜索列表，它就是 {name}，而该域名存在',
      complete: '{owner} 的 dnsConfig 有集群的域名服务器和搜索域（{count} 个 Pod：{pods}）',
      none: '没有 dnsPolicy 为 None 的 Pod',
    },
  },
  'dns-policy-default-inherits-node': {
    title: 'dnsPolicy Default 继承自节点',
    summary: '{owner} 的 dnsPolicy 为 Default：它询问节点的域名服务器，那里不认识集群内的域名',
    lines: {
      field: '{count} 个 Pod 的 dnsPolicy 为 Default：{pods}',
      inherits: '{owner} 得到节点的 resolv.conf；不写该字段时的策略是 ClusterFirst',
      none: '没有 dnsPolicy 为 Default 的 Pod',
    },
  },
  'pod-resolv-conf-outdated': {
    title: 'Pod 的 resolv.conf 早于现在的设置',
    summary: '{pod} 的 resolv.conf 与 kubelet 今天会写的不同：写于某次变更之前，或被人改过',
    lines: {
      'other-nameservers': 'nameserver 为 {has}；新建的 Pod 得到 {now}',
      'other-searches': 'search 为 {has}；新建的 Pod 得到 {now}',
      'other-options': 'options 为 {has}；新建的 Pod 得到 {now}',
      'never-asked': '按它的搜索域，{given} 会以 {names} 查询：从不查询确实存在的 {name}',
      older: '{pod} 启动于 {at}，{what} 在 {changed} 被修改',
      'written-once': '{pod} 的文件在创建沙箱时写入，此后不再改变',
      same: '{pod} 的文件与 kubelet 今天会写的相同',
      younger: '{pod} 启动于 {at}，晚于最后一次变更 {changed}',
    },
  },
  'ndots-query-amplification': {
    title: '搜索域使查询成倍增加',
    summary: '{servers} 的应答中有 {percent} % 是对搜索域拼出的域名的否定',
    lines: {
      counter: '{server}：{count} 个应答中有 {denied} 个是 NXDOMAIN（{percent} %）',
      'search-list': 'ndots:5 时，外部域名先在 {domain} 的每个搜索域下查询，A 与 AAAA 各一次',
      share: '{count} 个应答中有 {percent} % 是 NXDOMAIN',
    },
  },
  'wildcard-search-domain': {
    title: '某个搜索域对任何域名都作答',
    summary: '搜索域 {suffix} 对任何域名都回答 {records}',
    lines: {
      answered: '无人注册的 {name} 在 {server} 得到 {records}',
      inherited: '{nodes} 的 {path} 中有搜索域 {suffix}：Pod 会继承它',
      denied: '{suffixes} 之下编造的域名不存在，符合预期',
      'no-suffix': 'Pod 没有从节点继承搜索域',
    },
  },
  'namespace-shadows-tld': {
    title: '命名空间与顶级域同名',
    summary: '命名空间 {namespace} 与顶级域同名：{names} 会先在集群内被找到',
    lines: {
      names: '命名空间 {namespace} 有 {count} 个 Service，Pod 用 {names} 即可访问',
      'search-list': '搜索域 svc.{domain} 先于外部域名被尝试：NAME.{namespace} 就是 Service',
      asked: '{name} 被当作其中之一',
      outside: '{name} 在外部也存在：{server} 有它的回答',
      'not-outside': '{server} 说 {name} 在外部不存在：所指的就是该 Service',
      none: '{count} 个有 Service 的命名空间都不与顶级域同名',
    },
  },
  'host-aliases-shadow-dns': {
    title: 'hostAliases 遮住了 DNS 的回答',
    summary: '{owner} 的 hosts 文件把 {name} 写成 {ip}：不会再询问 DNS',
    lines: {
      alias: '{count} 个 Pod 的 spec.hostAliases 把 {name} 指向 {ip}：{pods}',
      answer: 'DNS 对 {name} 的回答是 {answers}',
      'no-answer': 'DNS 没有 {name} 的地址',
      'in-hosts': '{pod} 的 /etc/hosts 把 {name} 写成 {ip}',
      'not-an-alias': '{pod} 的 spec.hostAliases 没有这一条：是镜像、程序或人写入的',
      none: '{pods} 的 hostAliases 与 /etc/hosts 都没有给 {name} 另一个地址',
    },
  },
  'short-name-other-namespace': {
    title: '短域名只在自己的命名空间里查找',
    summary: '{name} 不是命名空间 {namespace} 的 Service；它是 {services}',
    lines: {
      'not-here': '命名空间 {namespace} 中没有 Service "{service}"',
      elsewhere: '它存在于：{services}',
      'search-list': '单个标签只在 {namespace}.svc.{domain} 中查找：不会尝试别的命名空间',
      'no-namespace': '命名空间 {namespace} 不存在，因此也没有其中的 Service "{service}"',
      'read-as': '{name} 被读作 SERVICE.NAMESPACE：命名空间 {namespace} 中的 Service {service}',
      'not-short': '{name} 既不是单个标签，也不是不存在的命名空间中的 Service',
      exists: 'Service {service} 存在',
      nowhere: '没有任何命名空间有 Service {name}',
    },
  },
}

export const podDnsFixes: Readonly<Record<string, FixWording>> = {
  'cluster-dns-unset': {
    explanation: '在 {node} 的 kubelet 配置中设置 clusterDNS: [{address}]，重启 kubelet，并重建其 Pod。',
    risk: '重启 kubelet 不影响运行中的 Pod；Pod 重建之后才会得到新文件。',
  },
  'cluster-dns-wrong-address': {
    explanation: '把 {nodes} 的 clusterDNS 从 {address} 改为 {right}，重启 kubelet，并重建其上的 Pod。',
    risk: '重启 kubelet 不影响运行中的 Pod；Pod 重建之前仍使用 {address}。',
  },
  'cluster-domain-mismatch': {
    explanation:
      '使 kubelet 的 clusterDomain 与 Corefile 的区一致：用 {served} 代替 {domain}，或者反过来；然后重建 Pod。',
    risk: '设置中写死了另一个域的程序需要随之修改。',
  },
  'host-network-cluster-first': {
    explanation: '把 {owner} 的 dnsPolicy 设为 ClusterFirstWithHostNet。',
    risk: '其 Pod 会被替换。',
  },
  'dns-policy-none-incomplete': {
    explanation: '把 {owner} 改回 ClusterFirst，dnsConfig 中只保留需要追加的内容。',
    risk: '其 Pod 会被替换；不再询问它自己的域名服务器。',
  },
  'dns-policy-default-inherits-node': {
    explanation: '把 {owner} 的 dnsPolicy 设为 ClusterFirst，或去掉该字段。',
    risk: '其 Pod 会被替换。',
  },
  'pod-resolv-conf-outdated': {
    explanation: '重建 {pod}：由其控制器替换。',
    risk: '短时间少一个 Pod；没有控制器的 Pod 不会自动恢复。',
  },
  'ndots-query-amplification': {
    explanation: '给最繁忙的客户端设置 ndots:2，外部域名以点结尾，并使用节点本地缓存。不要用 autopath。',
    risk: '设为 ndots:2 后，SERVICE.NAMESPACE.svc 这样的域名会先在外部查询。',
  },
  'wildcard-search-domain': {
    explanation: '从 Pod 继承的文件中去掉 {suffix}，或去掉其区中的通配记录；然后重建 Pod。',
    risk: 'Pod 使用的 {suffix} 之下的短域名需要写全。',
  },
  'namespace-shadows-tld': {
    explanation: '外部域名以点结尾，或把 {namespace} 的 Service 移到另一个命名空间。',
    risk: '只读操作；移动 Service 会改变其域名。',
  },
  'host-aliases-shadow-dns.file': {
    explanation:
      '从 {pod} 的 /etc/hosts 中去掉 {name}：新的 Pod 会得到新的文件。若该行再次出现，就是镜像或其启动脚本写入的。',
    risk: '该 Pod 会被替换；没有所有者的 Pod 不会再回来。',
  },
  'host-aliases-shadow-dns': {
    explanation: '从 {owner} 的 hostAliases 中去掉 {name}。',
    risk: '其 Pod 会被替换；此后以 DNS 为准。',
  },
  'short-name-other-namespace': {
    explanation: '请查询 {name}：命名空间是域名的一部分。',
    risk: '无。',
  },
}
