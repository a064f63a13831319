// Measures `fathom explain` or `fathom doctor` over a dump of a large cluster: 500 nodes with a node cache each, 5,000
// Services and 50,000 Pods of 2 KB each, as kubectl prints them. Prints time and peak memory; ends with 1 when a limit is
// exceeded.
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { readOptions, refuse } from './support/options.mjs'

const HELP = `usage: npm run bench:explain -- [options]

  --command NAME  explain or doctor (default explain)
  --runs N        (default 5)
  --yaml          a dump in YAML; no limit is held against it
  --keep FOLDER   makes the dump there and leaves it
  --help          print this`

const SERVICES = 5_000
const PODS = 50_000
const NAMESPACES = 100
const POD_OCTETS = 2_048
const NODES = 500
const REPLICAS = 6
const LIMITS_MS = { explain: 3_000, doctor: 5_000 }
const LIMIT_MB = 1_024

const COREFILE =
  '.:53 {\n    errors\n    health\n    ready\n    kubernetes cluster.local in-addr.arpa ip6.arpa {\n        pods insecure\n        fallthrough in-addr.arpa ip6.arpa\n    }\n    prometheus :9153\n    forward . /etc/resolv.conf\n    cache 30\n    loop\n    reload\n}\n'
const CACHE_COREFILE =
  'cluster.local:53 {\n    cache 30\n    bind 169.254.20.10\n    forward . 10.96.0.10 {\n        force_tcp\n    }\n    prometheus :9253\n}\n.:53 {\n    cache 30\n    bind 169.254.20.10\n    forward . /etc/resolv.conf\n    prometheus :9253\n}\n'
const CACHE_SPEC = {
  dnsPolicy: 'Default',
  hostNetwork: true,
  containers: [
    {
      name: 'node-cache',
      image: 'registry.k8s.io/dns/k8s-dns-node-cache:1.22.28',
      args: ['-localip', '169.254.20.10', '-conf', '/etc/Corefile', '-upstreamsvc', 'kube-dns'],
    },
  ],
  volumes: [{ name: 'config', configMap: { name: 'node-local-dns' } }],
}
const KUBELET = 'clusterDNS: [169.254.20.10]\nclusterDomain: cluster.local\nresolvConf: /etc/resolv.conf\n'

const values = readOptions(HELP, { command: 'explain', runs: 5, yaml: false, keep: undefined })
const LIMIT_MS = LIMITS_MS[values.command]
if (LIMIT_MS === undefined) refuse(`Cannot use --command ${values.command}: give explain or doctor`)
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'fathom-bench-'))
mkdirSync(folder, { recursive: true })
try {
  const dump = join(folder, values.yaml ? 'dump.yaml' : 'dump.json')
  if (values.yaml) writeYaml(dump)
  else writeJson(dump)
  console.log(
    `${dump}: ${(statSync(dump).size / 1e6).toFixed(0)} MB, ${NODES} nodes, ${SERVICES} Services, ${PODS} Pods`,
  )
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`)
  const runs = Array.from({ length: values.runs }, () => run(dump))
  const median = runs.map(({ ms }) => ms).toSorted((a, b) => a - b)[Math.floor(runs.length / 2)]
  const peak = Math.max(...runs.map(({ megabytes }) => megabytes))
  console.log(`median ${median} ms (limit ${LIMIT_MS}), peak ${peak} MB (limit ${LIMIT_MB})`)
  if (!values.yaml && (median > LIMIT_MS || peak > LIMIT_MB)) process.exitCode = 1
} finally {
  if (values.keep === undefined) rmSync(folder, { recursive: true, force: true })
}

function run(dump) {
  const report =
    'data:text/javascript,process.on("exit",()=>process._rawDebug("maxrss",process.resourceUsage().maxRSS,"cpu",Math.round((process.cpuUsage().user+process.cpuUsage().system)/1000)))'
  const program = new URL('../bin/fathom.js', import.meta.url).pathname
  const name = 'app-4321.ns-21.svc.cluster.local'
  const startedAt = performance.now()
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [
      '--import',
      report,
      program,
      ...(values.command === 'explain' ? ['explain', name] : ['doctor']),
      '--manifests',
      dump,
    ],
    { encoding: 'utf8' },
  )
  const ms = Math.round(performance.now() - startedAt)
  const megabytes = Math.round(Number(/maxrss (\d+)/.exec(stderr)?.[1] ?? NaN) / 1024)
  // A dump answers nothing: the doctor cannot conclude, which is exit code 3.
  const isRight = {
    explain: () => status === 0 && stdout.includes(`${name}. 30 IN A 10.`),
    doctor: () => status === 3 && stdout.includes('kube-system/kube-dns 10.96.0.10'),
  }
  if (!isRight[values.command]()) throw new Error(`no answer (exit code ${status}): ${stdout.slice(0, 500)}${stderr}`)
  const processorMs = Number(/cpu (\d+)/.exec(stderr)?.[1] ?? NaN)
  console.log(`${ms} ms (processor ${processorMs} ms), ${megabytes} MB`)
  return { ms, megabytes }
}

// --- The dump ---

function* objects() {
  for (let at = 0; at < NAMESPACES; at += 1)
    yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns-${at}` } }
  yield* dnsObjects()
  for (let at = 0; at < SERVICES; at += 1) {
    yield service(at)
    yield slice(at)
  }
  for (let at = 0; at < PODS; at += 1) yield pod(at)
}

function address(base, at) {
  return `10.${base + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`
}

/** The nodes, and what runs the cluster's DNS on them. */
function* dnsObjects() {
  const system = 'kube-system'
  yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: system } }
  for (let at = 0; at < NODES; at += 1) yield node(at)
  for (const [name, data] of [
    ['coredns', { Corefile: COREFILE }],
    ['node-local-dns', { Corefile: CACHE_COREFILE }],
    ['kubelet-config', { kubelet: KUBELET }],
  ]) {
    yield { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: system }, data }
  }
  const labels = { 'k8s-app': 'kube-dns' }
  yield {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name: 'kube-dns', namespace: system, labels },
    spec: {
      clusterIP: '10.96.0.10',
      clusterIPs: ['10.96.0.10'],
      ports: [
        { name: 'dns', port: 53, protocol: 'UDP', targetPort: 53 },
        { name: 'dns-tcp', port: 53, protocol: 'TCP', targetPort: 53 },
      ],
      selector: labels,
      type: 'ClusterIP',
    },
  }
  const cacheLabels = { 'k8s-app': 'node-local-dns' }
  yield {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: { name: 'node-local-dns', namespace: system },
    spec: {
      selector: { matchLabels: cacheLabels },
      template: { metadata: { labels: cacheLabels }, spec: CACHE_SPEC },
    },
    status: { desiredNumberScheduled: NODES, numberReady: NODES },
  }
  const replicas = Array.from({ length: REPLICAS }, (_, at) => ({ ip: address(200, at + 1), node: `node-${at * 7}` }))
  yield {
    addressType: 'IPv4',
    apiVersion: 'discovery.k8s.io/v1',
    endpoints: replicas.map(({ ip, node: nodeName }) => ({ addresses: [ip], conditions: { ready: true }, nodeName })),
    kind: 'EndpointSlice',
    metadata: { name: 'kube-dns-x', namespace: system, labels: { 'kubernetes.io/service-name': 'kube-dns' } },
    ports: [{ name: 'dns', port: 53, protocol: 'UDP' }],
  }
  for (const [at, { ip, node: nodeName }] of replicas.entries()) {
    const image = 'registry.k8s.io/coredns/coredns:v1.11.1'
    yield serverPod(`coredns-${at}`, {
      nodeName,
      ip,
      labels,
      owner: { kind: 'ReplicaSet', name: 'coredns-5d78c9869d' },
      spec: {
        containers: [{ name: 'coredns', image }],
        volumes: [{ name: 'config', configMap: { name: 'coredns' } }],
        dnsPolicy: 'Default',
      },
    })
  }
  for (let at = 0; at < NODES; at += 1) {
    yield serverPod(`node-local-dns-${at}`, {
      nodeName: `node-${at}`,
      ip: address(10, at),
      labels: cacheLabels,
      owner: { kind: 'DaemonSet', name: 'node-local-dns' },
      spec: CACHE_SPEC,
    })
  }
}

function node(at) {
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name: `node-${at}` },
    spec: {},
    status: {
      addresses: [{ type: 'InternalIP', address: address(10, at) }],
      conditions: [{ type: 'Ready', status: 'True' }],
      nodeInfo: { kubeletVersion: 'v1.30.2', kernelVersion: '6.1', osImage: 'Linux', operatingSystem: 'linux' },
    },
  }
}

function serverPod(name, { nodeName, ip, labels, owner, spec }) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'kube-system',
      labels,
      ownerReferences: [{ apiVersion: 'apps/v1', controller: true, uid: name, ...owner }],
    },
    spec: { nodeName, ...spec },
    status: {
      phase: 'Running',
      podIP: ip,
      podIPs: [{ ip }],
      conditions: [{ type: 'Ready', status: 'True' }],
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }],
    },
  }
}

function service(at) {
  const name = `app-${at}`
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: { name, namespace: `ns-${at % NAMESPACES}`, labels: { app: name } },
    spec: {
      clusterIP: address(96, at + 1),
      clusterIPs: [address(96, at + 1)],
      ports: [{ name: 'http', port: 80, protocol: 'TCP', targetPort: 8080 }],
      selector: { app: name },
      type: 'ClusterIP',
    },
  }
}

function slice(at) {
  const name = `app-${at}`
  const pods = Array.from({ length: PODS / SERVICES }, (_, each) => at + each * SERVICES)
  return {
    addressType: 'IPv4',
    apiVersion: 'discovery.k8s.io/v1',
    endpoints: pods.map((each) => ({
      addresses: [address(128, each + 1)],
      conditions: { ready: true },
      targetRef: { kind: 'Pod', name: `${name}-${each}`, namespace: `ns-${at % NAMESPACES}` },
    })),
    kind: 'EndpointSlice',
    metadata: { name: `${name}-x`, namespace: `ns-${at % NAMESPACES}`, labels: { 'kubernetes.io/service-name': name } },
    ports: [{ name: 'http', port: 8080, protocol: 'TCP' }],
  }
}

/** A pod as kubectl prints it, brought to its size with an annotation. */
function pod(at) {
  const app = `app-${at % SERVICES}`
  const whole = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      annotations: { 'example.org/notes': '' },
      creationTimestamp: '2026-01-01T00:00:00Z',
      labels: { app, 'pod-template-hash': '5d8c7b9f4' },
      name: `${app}-${at}`,
      namespace: `ns-${at % NAMESPACES}`,
      ownerReferences: [{ apiVersion: 'apps/v1', controller: true, kind: 'ReplicaSet', name: `${app}-5d8c7b9f4` }],
      uid: `00000000-0000-4000-8000-${String(at).padStart(12, '0')}`,
    },
    spec: {
      containers: [
        {
          image: `registry.example.org/${app}:1.0`,
          name: 'main',
          ports: [{ containerPort: 8080, name: 'http', protocol: 'TCP' }],
        },
      ],
      dnsPolicy: 'ClusterFirst',
      nodeName: `node-${at % NODES}`,
      serviceAccountName: 'default',
    },
    status: {
      conditions: [{ status: 'True', type: 'Ready' }],
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }],
      hostIP: address(10, at % NODES),
      phase: 'Running',
      podIP: address(128, at + 1),
      podIPs: [{ ip: address(128, at + 1) }],
    },
  }
  const missing = POD_OCTETS - printed(whole).length
  whole.metadata.annotations['example.org/notes'] = 'n'.repeat(Math.max(missing, 0))
  return whole
}

/** As kubectl prints an item of a list. */
function printed(object) {
  return JSON.stringify(object, null, 4).replaceAll(/^/gm, '        ')
}

function writeJson(path) {
  const file = openSync(path, 'w')
  let text = '{\n    "apiVersion": "v1",\n    "items": [\n'
  let separator = ''
  for (const object of objects()) {
    text += separator + printed(object)
    separator = ',\n'
    if (text.length > 1 << 22) {
      writeSync(file, text)
      text = ''
    }
  }
  writeSync(file, `${text}\n    ],\n    "kind": "List",\n    "metadata": {"resourceVersion": ""}\n}\n`)
  closeSync(file)
}

/** YAML by hand: kubectl's block style, with the dashes at the first column. */
function writeYaml(path) {
  const file = openSync(path, 'w')
  writeSync(file, 'apiVersion: v1\nitems:\n')
  for (const object of objects()) writeSync(file, yamlItem(object))
  writeSync(file, 'kind: List\nmetadata:\n  resourceVersion: ""\n')
  closeSync(file)
}

function yamlItem(object) {
  return `- ${yaml(object, '  ').trimStart()}`
}

function yaml(value, indent) {
  return Object.entries(value)
    .map(([key, each]) => {
      if (Array.isArray(each)) {
        const items = each.map((item) =>
          typeof item === 'object' ? `${indent}- ${yaml(item, `${indent}  `).trimStart()}` : `${indent}- ${item}\n`,
        )
        return `${indent}${key}:\n${items.join('')}`
      }
      if (typeof each === 'object' && each !== null) {
        return Object.keys(each).length === 0
          ? `${indent}${key}: {}\n`
          : `${indent}${key}:\n${yaml(each, `${indent}  `)}`
      }
      return `${indent}${key}: ${typeof each === 'string' ? JSON.stringify(each) : each}\n`
    })
    .join('')
}
