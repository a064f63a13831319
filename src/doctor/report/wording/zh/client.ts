import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'
import { places } from './upstream.ts'

const system = '{pod} 的 /etc/os-release：{from}'
const image = '{pod} 的镜像是 {from}：可推测其 C 库'

export const client: GroupWording<(typeof CAUSE_GROUPS)['client'][number]> = {
  'musl-no-tcp-fallback': {
    title: 'musl 不会改用 TCP 重新查询',
    summary: '{owner} 得不到 {name} 的地址：响应经 UDP 被截断，而它的 C 库从不改用 TCP',
    lines: {
      'some-only': '{owner} 只得到 {name} 的 {left} 条记录：响应经 UDP 被截断，而它的 C 库从不改用 TCP',
      truncated: '对只接受 512 字节 UDP 响应的客户端，{server} 查询 {name} 返回 TC=1 和 {left} 条记录',
      whole: '经 TCP，{server} 给出全部 {count} 条',
      system,
      image,
      'no-fallback': '1.2.4 之前的 musl（Alpine 3.17 及更早）对 {name} 的截断响应照单全收',
      fits: '{name} 的响应放得进 512 字节的报文',
      'no-such-pods': '{count} 个 Pod 中没有一个的镜像可能早于 Alpine 3.18',
    },
  },
  'musl-parallel-queries': {
    title: 'musl 采用多个域名服务器中最先到达的响应',
    summary:
      '{owner} 能否解析 {name} 全凭运气：它的 C 库同时查询 {nameservers} 并采用最先到达的响应，而 {denying} 否认该域名',
    lines: {
      knows: '{nameservers} 给出 {name}',
      denies: '{nameservers} 对 {name} 返回 NXDOMAIN',
      system,
      image,
      'first-wins': 'musl 同时查询所有域名服务器；glibc 则先查询 {first}，只有它无响应时才查询其他',
      one: '{pod} 只有一个域名服务器：{nameserver}',
      agree: '{pod} 的域名服务器 {nameservers} 中，没有一个给出而另一个否认同一域名的情况',
      'no-musl': '{count} 个 Pod 中没有一个使用 Alpine 镜像',
    },
  },
  'busybox-nslookup-misleads': {
    title: 'busybox nslookup 与程序所用的解析方式不同',
    summary: '在 {pod} 中 busybox nslookup 查不到 {name}，而那里的程序可以：是工具的问题，不是 DNS 的',
    lines: {
      'finds-more': '在 {pod} 中 busybox nslookup 能查到 {name}，而那里的程序不能：是工具的问题，不是 DNS 的',
      'programs-find': '{pod} 中的程序（{resolver}）按搜索列表能解析 {name}',
      'programs-do-not': '{pod} 中的程序（{resolver}）不能解析 {name}',
      'tool-does-not': 'busybox nslookup 不认 ndots（此处为 {ndots}）：{name} 只要带点就按原样查询',
      'tool-finds': 'busybox nslookup 在所有搜索域之下同时查询 {name}，不认 {ndots}，并显示任何应答',
      'has-busybox': '{pod} 的镜像是 {image}，其中的 nslookup 是 busybox',
      'no-busybox': '{pod} 的镜像不是 busybox 或 Alpine',
      'both-find': 'busybox nslookup 和程序一样能查到 {name}',
      'neither-finds': '程序也不能解析 {name}',
    },
  },
  'client-udp-ports-exhausted': {
    title: '客户端的 UDP 端口即将耗尽',
    summary: '{client} 占用了 {ports} 个 UDP 端口中的 {count} 个：下一次查询可能没有端口可用',
    lines: {
      sockets: '{client} 有 {count} 个 UDP 套接字，可选端口共 {ports} 个',
      flows: '{node} 的连接跟踪表中，{client} 到 53 端口的 UDP 流有 {count} 条',
      'one-each': '每个进行中的查询占用一个端口：{client} 既不复用也不缓存',
      few: '所见最繁忙的客户端占用了 {ports} 个 UDP 端口中的 {count} 个',
    },
  },
  'application-caches-address': {
    title: '程序的启动早于应答的变化',
    summary: '{name} 的应答是正确的，而 {pod} 在 {service} 变化之前就已启动：它可能仍在使用当时得到的地址',
    lines: {
      'other-form': '{name} 不是 SERVICE.NAMESPACE.svc.ZONE 这种形式',
      right: '{servers} 对 {name} 的应答与对象一致',
      started: '{pod} 启动于 {started}',
      made: 'Service {service} 创建于 {changed}：其地址自那时起',
      changed: 'Service {service} 最近修改于 {changed}',
      'endpoints-changed': 'Service {service} 的端点最近变化于 {changed}',
      younger: '{pod} 启动于 {started}，晚于 {service} 的变化（{changed}）',
      'not-right': '{server} 对 {name} 的应答不正确',
      'no-service': 'Service {service} 不存在',
    },
  },
  'nodejs-threadpool-exhausted': {
    title: 'Node.js 的线程在等待 DNS',
    summary: '服务器应答很快，而在 {pod} 中解析 {name} 要 {seconds} 秒：Node.js 每分钟只能完成 {perMinute} 次',
    lines: {
      'server-quick': '{server} 在 {ms} 毫秒内应答 {name}',
      'client-slow': '以 {resolver} 和 {pod} 的 resolv.conf 解析 {name} 要 {seconds} 秒',
      waits: '它在等待 {nameserver}，而后者不应答 {name}',
      threads: 'UV_THREADPOOL_SIZE 为 {threads}：每分钟至多 {perMinute} 次这样的解析',
      'default-threads': 'libuv 默认有 {threads} 个线程：每分钟至多 {perMinute} 次这样的解析',
      'runs-node': '{pod} 运行的是 Node.js（{image}）',
      'no-node': '{pod} 看起来不是 Node.js',
      quick: '在 {pod} 中以 {resolver} 解析 {name} 无需等待（{seconds} 秒）',
    },
  },
  'windows-dotted-short-name': {
    title: 'Windows 不补全带点的域名',
    summary: '在 Windows（{nodes}）上查不到 {name}：它只补全不带点的域名；{full} 可以查到',
    lines: {
      windows: '{nodes} 运行 Windows',
      'as-is': '{name} 带点，Windows 视其为完整域名，不追加后缀',
      exists: '{full} 存在',
      'not-short': '{name} 不是带点的短域名',
      linux: '{pod} 运行在 {node} 上，它不是 Windows 节点',
      'no-windows': '{count} 个节点都不运行 Windows',
      absent: '{name} 也不存在',
    },
  },
  'aaaa-query-unanswered': {
    title: '上游丢弃 AAAA 查询',
    summary: '上游 {address} 应答 A 而丢弃 AAAA：同时查询两者的客户端只能等待',
    lines: {
      silent: '从 {nodes} 查询 {name} AAAA，{address} 在 {seconds} 秒内没有应答（{attempts} 次）',
      answers: '{address} 在 {ms} 毫秒内应答 {name} A',
      waits: 'glibc 会为不会到来的 AAAA 响应等待 {seconds} 秒',
      both: '{servers} 对 A 和 AAAA 都应答',
      ...places,
    },
  },
}

export const clientFixes: Readonly<Record<string, FixWording>> = {
  'musl-no-tcp-fallback': {
    explanation: '用 Alpine 3.18 或更新的镜像，或使用 glibc 的镜像来制作 {owner}。',
    risk: '{owner} 的 Pod 会重建。',
  },
  'musl-parallel-queries': {
    explanation: '让 {owner} 只用一个知道所有域名的域名服务器，例如 {keep}；其他服务器才知道的域名由它转发。',
    risk: '{owner} 的 Pod 会重建；只有其他域名服务器知道的域名将查不到。',
  },
  'busybox-nslookup-misleads': {
    explanation: '按程序的方式测试 {name}：使用 getaddrinfo（ping、getent、wget），或真正的 dig。',
    risk: '只读操作。',
  },
  'client-udp-ports-exhausted': {
    explanation: '查明 {client} 中是什么如此频繁地查询：保持连接、缓存响应，或通过节点缓存以 TCP 查询。',
    risk: '只读操作。',
  },
  'application-caches-address': {
    explanation: '重启 {pod}，并为以后设置缓存时限：networkaddress.cache.ttl（JVM）、带 valid= 的 resolver（nginx）。',
    risk: '它的 Pod 会重建。',
  },
  'nodejs-threadpool-exhausted': {
    explanation: '首先修复不应答之处；更多线程或在程序中缓存解析结果，可为 {pod} 留出余地。',
    risk: '它的 Pod 会重建；每个线程都占用一些内存。',
  },
  'windows-dotted-short-name': {
    explanation: '凡是 Windows Pod 查询之处，都使用完整域名 {full}。',
    risk: '无。',
  },
}

export const clientPhrases: Readonly<Record<string, string>> = {
  'client.missing-system': '{pod} 的 /etc/os-release（可进入该 Pod 时用 --from 指定它）',
  'busybox-nslookup-misleads.missing-run': '在 {pod} 中分别运行 nslookup {name} 和 ping -c 1 {name}',
  'client-udp-ports-exhausted.missing-flows': '{node} 的连接跟踪表：{client} 到 53 端口的流',
  'client-udp-ports-exhausted.missing-sockets': '{client} 的 UDP 套接字（可进入该 Pod 时用 --from 指定它）',
  'application-caches-address.missing-start': '{pod} 中进程的启动时间：其容器曾经重启',
  'nodejs-threadpool-exhausted.missing-time': '{pod} 的进程中 dns.lookup 所用的时间',
  'not-checked.no-library': '没有看到 {pod} 的 C 库：既无 /etc/os-release，镜像名也无从推测',
  'not-checked.nameservers-not-asked': '{pod} 的域名服务器（{nameservers}）中被查询的不足两个',
  'not-checked.no-client-ports': '既没有看到节点的连接跟踪表，也没有看到 Pod 的套接字',
  'not-checked.no-times': '没有看到 {pod} 的启动时间或 {service} 的变化时间',
}
