// A process of its own: the API server of the made-up cluster, as much of it as a DNS server asks for. Prints its port. Argument: how
// many endpoints each Service has (1).
import { createServer } from 'node:http'
import { ENDPOINTS, HEADLESS, NAMESPACES, SERVICES, endpointAddress, range, serviceAddress } from './names.mjs'

const meta = (name, namespace, more) => ({
  name,
  namespace,
  resourceVersion: '1',
  uid: `${namespace}-${name}`,
  ...more,
})
const EACH = Number(process.argv[2] ?? 1)

const port = { name: 'http', protocol: 'TCP', port: 80 }
const service = (name, n, clusterIP) => ({
  metadata: meta(name, `ns-${n % NAMESPACES}`),
  spec: { clusterIP, clusterIPs: [clusterIP], ports: [{ ...port, targetPort: 8080 }], selector: { app: name } },
})
const slice = (name, n, addresses) => ({
  metadata: meta(`${name}-1`, `ns-${n % NAMESPACES}`, { labels: { 'kubernetes.io/service-name': name } }),
  addressType: 'IPv4',
  ports: [{ ...port, port: 8080 }],
  endpoints: addresses.map((address, index) => ({
    addresses: [address],
    conditions: { ready: true, serving: true, terminating: false },
    nodeName: `node-${index % 50}`,
    targetRef: {
      kind: 'Pod',
      name: `${name}-5d8f9c7b6-${index}`,
      namespace: `ns-${n % NAMESPACES}`,
      uid: `${name}-${index}`,
    },
  })),
})
const headless = (n) =>
  slice(
    `headless-${n}`,
    n,
    range(ENDPOINTS).map((index) => endpointAddress(n, index)),
  )

const LISTS = {
  '/api/v1/namespaces': ['v1', 'Namespace', range(NAMESPACES).map((n) => ({ metadata: meta(`ns-${n}`) }))],
  '/api/v1/services': [
    'v1',
    'Service',
    [
      ...range(SERVICES).map((n) => service(`svc-${n}`, n, serviceAddress(n))),
      ...range(HEADLESS).map((n) => service(`headless-${n}`, n, 'None')),
    ],
  ],
  '/apis/discovery.k8s.io/v1/endpointslices': [
    'discovery.k8s.io/v1',
    'EndpointSlice',
    [
      ...range(SERVICES).map((n) => {
        return slice(
          `svc-${n}`,
          n,
          range(EACH).map((index) => `10.${100 + index}.${n >> 8}.${n & 255}`),
        )
      }),
      ...range(HEADLESS).map(headless),
    ],
  ],
}
const PAGES = {
  '/version': { major: '1', minor: '31', gitVersion: 'v1.31.0' },
  '/apis/discovery.k8s.io/v1': {
    kind: 'APIResourceList',
    apiVersion: 'v1',
    groupVersion: 'discovery.k8s.io/v1',
    resources: [{ name: 'endpointslices', namespaced: true, kind: 'EndpointSlice', verbs: ['list', 'watch'] }],
  },
}

const server = createServer((request, response) => {
  const { pathname, searchParams } = new URL(request.url, 'http://api')
  const list = LISTS[pathname]
  response.setHeader('content-type', 'application/json')
  if (list !== undefined && searchParams.get('watch') !== null) response.flushHeaders()
  else if (list !== undefined) {
    const [apiVersion, kind, items] = list
    response.end(JSON.stringify({ apiVersion, kind: `${kind}List`, metadata: { resourceVersion: '10' }, items }))
  } else if (PAGES[pathname] !== undefined) response.end(JSON.stringify(PAGES[pathname]))
  else response.writeHead(404).end('{"kind":"Status","status":"Failure","code":404}')
})
server.listen(0, '127.0.0.1', () => process.stdout.write(`${server.address().port}\n`))
