import type { CAUSE_GROUPS } from '../../../causes/index.ts'
import type { FixWording, GroupWording } from '../wording.ts'

const otherForm = '{name} 不是 SERVICE.NAMESPACE.svc.ZONE 这种形式'

export const records: GroupWording<(typeof CAUSE_GROUPS)['records'][number]> = {
  'headless-service-no-endpoints': {
    title: 'Headless Service 没有就绪的端点',
    summary: 'Headless Service {service} 没有就绪的端点，因此这个域名不存在',
    lines: {
      'other-form': otherForm,
      headless: 'Service {service} 是 headless（clusterIP 为 None）：它的域名只对应就绪的端点',
      'none-ready': '它的 {count} 个端点没有一个就绪',
      empty: '它没有任何端点；其选择器匹配到 {count} 个 Pod',
      'pod-not-ready': 'Pod {pod} 未就绪：{state}',
      'not-published': '{service} 的 publishNotReadyAddresses 为 false',
      'no-service': 'Service {service} 不存在',
      'has-address': 'Service {service} 不是 headless，它有地址 {address}',
      ready: 'Service {service} 有 {count} 个就绪的端点',
      'publishes-not-ready': 'Service {service} 会发布未就绪的地址',
    },
  },
  'statefulset-service-name-wrong': {
    title: 'StatefulSet 的 serviceName 没有指向它的 Pod',
    summary: '{name} 不存在：StatefulSet {statefulset} 的 serviceName 是 {serviceName}，它的 Pod 因此没有这个域名',
    lines: {
      'other-form': otherForm,
      'service-name': 'StatefulSet {statefulset} 的 spec.serviceName 为 {serviceName}',
      'service-name-empty': '没有 serviceName，其 Pod 就没有域名',
      'service-absent': 'Service {service} 不存在',
      'not-selected': 'Service {service} 的选择器与 Pod {pod} 的标签不匹配',
      'not-headless': 'Service {service} 不是 headless：clusterIP 为 {address}',
      'other-service': '查询的域名在 Service {asked} 之下，而 Pod 的域名在 {serviceName} 之下',
      subdomain: 'Pod {pod} 的 subdomain 是 {subdomain}，不是 {serviceName}',
      'right-name': '该 Pod 的域名是 {name}',
      'no-pod-label': '{name} 在 Service 之前没有 Pod 标签',
      'no-statefulset': '{pod} 不属于任何 StatefulSet',
      exists: '{name} 存在',
      'not-ready': 'Service {service} 提供该域名，但对应的端点未就绪',
      'in-order': 'StatefulSet {statefulset} 与其 Service 相符',
    },
  },
  'pod-name-is-not-a-service': {
    title: '把 Pod 名当成了 Service 名',
    summary: '{name} 不存在：{pod} 是 Pod，而紧挨着命名空间 {namespace} 的名称会被当作 Service',
    lines: {
      'other-form': otherForm,
      'read-as-service': '{name} 被解释为命名空间 "{namespace}" 中的 Service "{service}"',
      'no-service': '命名空间 {namespace} 中没有 Service "{service}"',
      'pod-exists': 'Pod {pod} 存在，地址为 {address}',
      'right-name':
        '它的域名是 {name}，因为 spec.hostname 为 {hostname}，且 spec.subdomain {subdomain} 是选中它的 headless Service',
      'no-endpoint-name':
        'Pod {pod} 的 hostname 为 {hostname}，subdomain 为 {subdomain}：没有 headless Service 给它单独的域名',
      'pod-record': '按地址，它的域名是 {name}',
      'has-service-label': '{name} 中有 Service 标签：{service}',
      'service-exists': 'Service {service} 存在',
      'no-such-pod': 'Pod {pod} 不存在',
    },
  },
  'pod-hostname-unset': {
    title: '该 Pod 在此 Service 之下没有自己的域名',
    summary: '{name} 不存在：Pod {pod} 没有 hostname，Service {service} 只按地址认识它',
    lines: {
      'other-form': otherForm,
      'no-pod-label': '{name} 在 Service 之前没有 Pod 标签',
      'other-reason': '{name} 存在，或者它的缺失与 Pod 标签无关（Service {service}）',
      'no-such-pod': 'Pod {pod} 不存在',
      statefulset: '{pod} 属于 StatefulSet {statefulset}，其 Pod 都有 hostname',
      'not-behind': 'Pod {pod} 不是 Service {service} 的端点',
      'has-hostname': 'Pod {pod} 的端点有 hostname：{hostname}',
      'no-hostname': 'Service {service} 的端点 {address}（Pod {pod}）在 EndpointSlice 中没有 hostname',
      fields:
        'Pod {pod} 的 spec.hostname 为 {hostname}，spec.subdomain 为 {subdomain}；两者都要设置，后者应为 {service}',
      'own-name': '按地址，它的域名是 {name}',
      'no-pod-names': 'Corefile 第 {line} 行：kubernetes 没有 endpoint_pod_names，不会以 Pod 名作为域名',
    },
  },
  'srv-port-name-mismatch': {
    title: 'Service 没有这个名称和协议的端口',
    summary: '{name} 不存在：Service {service} 没有这个名称和协议的端口',
    lines: {
      'other-form': otherForm,
      'no-service': 'Service {service} 不存在',
      'no-port-asked': '{name} 并不查询端口',
      exists: '{name} 存在',
      asked: '该域名查询 Service {service} 名为 "{port}" 的 {protocol} 端口',
      'no-protocol': '{name} 查询端口 "{port}" 却没有写协议：应为 _PORT._PROTOCOL.SERVICE',
      port: '端口 {port}/{protocol} 的名称是 "{name}"',
      unnamed: '端口 {port}/{protocol} 没有名称：没有名称的端口没有 SRV 记录',
      'no-ports': 'Service {service} 没有端口',
    },
  },
  'external-name-loop': {
    title: 'ExternalName Service 指向的域名没有地址',
    summary: 'ExternalName {name} 经过 {count} 个域名又回到自身：得不到任何地址',
    lines: {
      'too-long': '{name} 要经过集群内的 {count} 个域名，而 CoreDNS 最多跟随 {max} 个',
      target: 'ExternalName Service {service} 指向 {target}',
      loop: '循环：{path}',
      'no-address': '{server} 返回 {rcode}，有 {count} 条记录但没有地址',
      none: '{count} 个 ExternalName Service 都没有形成循环',
      'no-external-name': '{name} 不是 ExternalName Service',
      'leads-on': '{name} 指向 {target}',
    },
  },
  'external-name-is-ip': {
    title: 'externalName 填的是地址',
    summary: 'Service {service} 的 externalName 是地址 {address}，不是域名：该 Service 没有任何记录',
    lines: {
      address: 'Service {service} 的类型为 ExternalName，externalName 为 "{address}"',
      'no-cname': 'ExternalName 会成为 CNAME 记录，其目标必须是域名；对 {address}，CoreDNS 返回 NXDOMAIN',
      none: '{count} 个 ExternalName Service 都没有填地址',
      'no-external-name': '{name} 不是 ExternalName Service',
      'is-name': 'Service {service} 的 externalName 是域名 {target}',
    },
  },
  'pod-records-disabled': {
    title: '没有启用按地址的 Pod 域名',
    summary: '{name} 不存在：Corefile（ConfigMap {configMap}）不提供按地址的 Pod 域名',
    lines: {
      'other-form': '{name} 不是 A-B-C-D.NAMESPACE.pod.ZONE 这种形式',
      mode: 'ConfigMap {configMap} 第 {line} 行：pods {mode}',
      'no-option': 'ConfigMap {configMap}：第 {line} 行的 kubernetes 指令没有 "pods"，默认为 disabled',
      disabled: 'ConfigMap {configMap} 第 {line} 行：pods disabled',
      form: '{name} 是按地址书写的域名：只有 "pods verified" 和 "pods insecure" 才提供',
      pod: 'Pod {pod} 的地址是 {address}',
      'other-name': '它的域名是 {name}',
    },
  },
  'multiple-ptr-records': {
    title: '一个地址有多条 PTR 记录',
    summary: '{address} 有 {count} 条 PTR 记录，每个选中该 Pod 的 Service 各一条：{services}',
    lines: {
      'some-only':
        '{address} 有 {count} 条 PTR 记录，每个选中该 Pod 的 Service 各一条（{services}），而服务器只给出了其中一部分',
      'no-address': '{name} 不是地址的反向域名',
      'not-several': '{address} 有 {count} 条 PTR 记录',
      'selected-by': '{address} 是 {count} 个 Service 的就绪端点：{services}',
      expected: '因此有 {count} 条 PTR 记录：{names}',
      answered: '{server} 给出 {count} 条：{names}',
    },
  },
  'aaaa-nxdomain-not-nodata': {
    title: '服务器否认了一个有另一地址族记录的域名',
    summary:
      '{servers} 给出 {name} 的 {given} 记录，查询 {type} 时却返回 NXDOMAIN：同时查询两者的客户端会认为域名不存在',
    lines: {
      given: '{server} 对 {name} {type} 返回 {records}',
      denied: '{server} 对 {name} {type} 返回 NXDOMAIN；应为 NODATA（RFC 2308 第 2 节）',
      template: 'Corefile 第 {line} 行有 template 指令',
      'passed-on': '{servers} 把这个否定应答传了下去',
      agrees: '{servers} 没有因为另一地址族而否认域名（{count} 对查询）',
    },
  },
  'namespace-not-served': {
    title: 'Corefile 没有包括这个命名空间',
    summary: '{name} 不存在：Corefile（"{option}"）没有包括命名空间 {namespaces}',
    lines: {
      'service-left-out': '{name} 不存在：Corefile（"{option}"）没有包括命名空间 {namespaces} 中的这个 Service',
      'namespaces-left-out': 'Corefile（"{option}"）没有包括 {namespaces}：那里的 Service 都没有域名',
      'other-form': '{name} 不是 SERVICE.NAMESPACE.svc.ZONE 这种形式',
      'no-namespace': '命名空间 {namespace} 不存在',
      served: 'Corefile 包括命名空间 {namespace}',
      'all-served': 'Corefile 包括全部 {count} 个有 Service 的命名空间',
      option: 'Corefile 第 {line} 行：{option}',
      'left-out': '命名空间 {namespaces} 存在但不匹配，因此 {name} 返回 NXDOMAIN',
      'service-without-labels': '命名空间 {namespaces} 中该 Service 的标签不匹配，因此 {name} 返回 NXDOMAIN',
      exists: 'Service {service} 存在',
      'services-there': '那里有 {count} 个 Service：{namespaces}',
    },
  },
  'ip-family-missing': {
    title: 'Service 没有所查询地址族的地址',
    summary: '{name} 没有 {family} 地址：Service {service} 只有 {has}',
    lines: {
      'other-form': otherForm,
      exists: '{name} 有所查询类型的记录',
      'other-reason': '{name} 没有记录，原因不是缺少地址族',
      families: 'Service {service} 的 ipFamilies 为 {families}，地址为 {addresses}',
      endpoints: 'Headless Service {service} 的就绪端点只有 {has} 地址',
      nodata: '{server} 对 {name} {type} 返回 NODATA：域名存在，但没有这种类型',
      'cluster-has': '集群中其他地方在使用 {family}',
      'cluster-lacks': '集群中没有任何 Service、节点或 Pod 有 {family} 地址（只有 {has}）',
    },
  },
}

export const recordsFixes: Readonly<Record<string, FixWording>> = {
  'headless.publish': {
    explanation: '查明 Pod 未就绪的原因并修复。仅当各成员必须在就绪之前互相发现时，才发布未就绪的地址。',
    risk: '前者只读；采用后者，{service} 的客户端可能被引向尚不能提供服务的 Pod。',
  },
  'headless.selector': {
    explanation: '把 {service} 的选择器与应当在其后的 Pod 的标签对照。',
    risk: '只读操作。',
  },
  'statefulset.use': { explanation: '请查询 {name}。', risk: '无。' },
  'statefulset.create-service': {
    explanation: '把 {service} 创建为选中这些 Pod 的 headless Service，或修正已有的（clusterIP 不可修改，需先删除）。',
    risk: 'Pod 就绪后域名即出现；不会重启任何东西。',
  },
  'statefulset.create-or-recreate': {
    explanation:
      '创建 Service {service}，Pod 的域名便在它之下；或者把 StatefulSet 的 serviceName 改为 {asked}，这需要先删除 StatefulSet（保留 Pod）再重新创建。',
    risk: '创建 Service 不会重启任何东西；第二种做法下，{statefulset} 的 Pod 重建之后才会得到新的 subdomain。',
  },
  'statefulset.recreate': {
    explanation: 'serviceName 不可修改：删除 StatefulSet 但保留其 Pod，再用正确的值重新创建。',
    risk: '{statefulset} 的 Pod 会继续运行；重建之后才会得到新的 subdomain。',
  },
  'pod-name.use': { explanation: '请查询 {name}。', risk: '无。' },
  'pod-name.no-name': {
    explanation:
      '{pod} 没有域名：请在其模板中设置 hostname 和 subdomain 并创建同名的 headless Service，或改用 StatefulSet。',
    risk: '只读操作。',
  },
  'pod-hostname.set': {
    explanation:
      '使用 StatefulSet，或在模板中设置 hostname 并把 subdomain 设为 "{service}"；Corefile 中加上 endpoint_pod_names 后，每个端点都以其 Pod 命名。在此之前请按地址查询 {pod}。',
    risk: '启用 endpoint_pod_names 后，所有端点按地址的域名会变为按 Pod 名的域名。',
  },
  'srv.use': { explanation: '请查询 {name}。', risk: '无。' },
  'srv.name-port': {
    explanation: '把 {service} 的端口命名为 "{port}"。',
    risk: '对客户端没有影响；Service 有多个端口时，每个端口都必须有名称。',
  },
  'srv.look': { explanation: '把该域名与 {service} 的端口对照。', risk: '只读操作。' },
  'external-name.point': {
    explanation: '让 {services} 中的一个指向循环之外的域名，或指向有地址的 Service。',
    risk: '缓存过期后，该域名的客户端即得到新的目标。',
  },
  'external-name.endpoints': {
    explanation: '把 {service} 换成没有选择器的 headless Service，并用 EndpointSlice 写入 {address}。',
    risk: '此后该域名解析为 {address}；TLS 证书仍须与客户端使用的域名相符。',
  },
  'pod-records.enable': {
    explanation: '查询该 Pod 的另一个域名，或在 ConfigMap {configMap} 中设置 "pods verified"。',
    risk: 'CoreDNS 将监听所有 Pod，占用更多内存；"pods insecure" 则对任何地址都给出应答，无论是否存在。',
  },
  'multiple-ptr': {
    explanation: '只让 {services} 中的一个选中该 Pod，或不再依赖 PTR 记录。',
    risk: '只读操作。修改某个 Service 的选择器后，使用它的客户端将失去这个端点。',
  },
  'aaaa.upstream': {
    explanation:
      '修正或更换 {servers}；作为权宜之计，可在 Corefile 中自行对 AAAA 返回 NODATA：template IN AAAA ZONE { rcode NOERROR }。',
    risk: '命令只读。权宜之计会隐藏该区域的所有 AAAA 记录。',
  },
  'aaaa.corefile': {
    explanation: '查明 {servers} 上是什么否认了该域名：template、rewrite，还是它转发到的服务器。',
    risk: '只读操作。',
  },
  'namespace-not-served': {
    explanation: '放宽 kubernetes 指令的 "{option}"，或给应当提供的对象加上标签。',
    risk: '新增的域名对所有 Pod 可见。',
  },
  'ip-family.dual-stack': {
    explanation: '让 {service} 同时拥有两个地址族的地址。',
    risk: '客户端随后也会尝试 {family}：其后的 Pod 必须在那里监听。',
  },
  'ip-family.cluster': {
    explanation: '集群没有 {family}：让 {service} 的客户端使用另一地址族，或把集群改为双栈。',
    risk: '只读操作。',
  },
}
