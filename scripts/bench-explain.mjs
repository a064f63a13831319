// Measures `fathom explain` over a dump of a large cluster: 5,000 Services and 50,000 Pods of 2 KB each, as kubectl prints
// them. Prints time and peak memory; ends with 1 when a limit is exceeded.
//
//   node scripts/bench-explain.mjs [--runs 5] [--yaml] [--keep FOLDER]
import { spawnSync } from 'node:child_process'
import { closeSync, mkdirSync, mkdtempSync, openSync, rmSync, statSync, writeSync } from 'node:fs'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'

const SERVICES = 5_000
const PODS = 50_000
const NAMESPACES = 100
const POD_OCTETS = 2_048
const LIMIT_MS = 3_000
const LIMIT_MB = 1_024

const { values } = parseArgs({
  options: {
    runs: { type: 'string', default: '5' },
    yaml: { type: 'boolean', default: false },
    keep: { type: 'string' },
  },
})
const folder = values.keep ?? mkdtempSync(join(tmpdir(), 'fathom-bench-'))
mkdirSync(folder, { recursive: true })
try {
  const dump = join(folder, values.yaml ? 'dump.yaml' : 'dump.json')
  if (values.yaml) writeYaml(dump)
  else writeJson(dump)
  console.log(`${dump}: ${(statSync(dump).size / 1e6).toFixed(0)} MB, ${SERVICES} Services, ${PODS} Pods`)
  console.log(`${cpus()[0]?.model ?? 'unknown processor'}, Node ${process.versions.node}`)
  const runs = Array.from({ length: Number(values.runs) }, () => run(dump))
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
    ['--import', report, program, 'explain', name, '--manifests', dump],
    { encoding: 'utf8' },
  )
  const ms = Math.round(performance.now() - startedAt)
  const megabytes = Math.round(Number(/maxrss (\d+)/.exec(stderr)?.[1] ?? NaN) / 1024)
  if (status !== 0 || !stdout.includes(`${name}. 30 IN A 10.`)) throw new Error(`no answer: ${stderr}`)
  const processorMs = Number(/cpu (\d+)/.exec(stderr)?.[1] ?? NaN)
  console.log(`${ms} ms (processor ${processorMs} ms), ${megabytes} MB`)
  return { ms, megabytes }
}

// --- The dump ---

function* objects() {
  for (let at = 0; at < NAMESPACES; at += 1)
    yield { apiVersion: 'v1', kind: 'Namespace', metadata: { name: `ns-${at}` } }
  for (let at = 0; at < SERVICES; at += 1) {
    yield service(at)
    yield slice(at)
  }
  for (let at = 0; at < PODS; at += 1) yield pod(at)
}

function address(base, at) {
  return `10.${base + (at >> 16)}.${(at >> 8) & 255}.${at & 255}`
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
      nodeName: `node-${at % 500}`,
      serviceAccountName: 'default',
    },
    status: {
      conditions: [{ status: 'True', type: 'Ready' }],
      containerStatuses: [{ name: 'main', ready: true, restartCount: 0, state: { running: {} } }],
      hostIP: address(10, at % 500),
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
