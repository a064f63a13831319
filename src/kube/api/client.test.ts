import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { gzipSync } from 'node:zlib'
import { afterEach, describe, expect, it } from 'vitest'
import type { ClusterAccess, Credential } from './access.ts'
import { KubeClient, podLogPath, podProxyPath } from './client.ts'
import { KubeApiError } from './error.ts'
import { describeRequest } from './failure.ts'

type Handler = (request: IncomingMessage, response: ServerResponse) => void

const cleanups: (() => void)[] = []
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup()
})

describe('KubeClient', () => {
  it('sends the token, the user agent and the query, below the path of the server URL', async () => {
    const seen: IncomingMessage[] = []
    const client = await start(
      (request, response) => {
        seen.push(request)
        response.end('{"kind":"PodList"}')
      },
      { prefix: '/k8s/clusters/c-1', credential: { kind: 'token', token: 'secret' } },
    )
    expect(await client.getJson('/api/v1/pods', { query: { limit: 5, continue: undefined } })).toEqual({
      kind: 'PodList',
    })
    expect(seen[0]?.url).toBe('/k8s/clusters/c-1/api/v1/pods?limit=5')
    expect(seen[0]?.headers.authorization).toBe('Bearer secret')
    expect(seen[0]?.headers['user-agent']).toMatch(/^fathom\//)
  })

  it('impersonates with groups and extra fields', async () => {
    let headers: IncomingMessage['headers'] = {}
    const client = await start(
      (request, response) => {
        headers = request.headers
        response.end('{}')
      },
      { impersonate: { user: 'carol', groups: ['a', 'b'], extra: { 'example.org/x': ['1'] } } },
    )
    await client.getJson('/version')
    expect(headers).toMatchObject({
      'impersonate-user': 'carol',
      'impersonate-group': 'a, b',
      'impersonate-extra-example.org%2fx': '1',
    })
  })

  it('reads compressed answers', async () => {
    const client = await start((_, response) => {
      response.setHeader('content-encoding', 'gzip').end(gzipSync('{"a":1}'))
    })
    expect(await client.getJson('/version')).toEqual({ a: 1 })
  })

  it('follows continue tokens, and starts again in one piece when one is too old', async () => {
    const urls: string[] = []
    const client = await start((request, response) => {
      urls.push(request.url ?? '')
      if (request.url?.includes('continue=t2') === true)
        return status(response, 410, 'Expired', 'The provided continue parameter is too old')
      const token =
        request.url?.includes('continue=t1') === true ? 't2' : request.url?.includes('limit') === true ? 't1' : ''
      response.end(JSON.stringify({ metadata: { continue: token }, items: [urls.length] }))
    })
    const pages: unknown[] = []
    for await (const { page, restarted } of client.pages('/api/v1/pods', { limit: 2 }))
      pages.push([page['items'], restarted])
    expect(pages).toEqual([
      [[1], false],
      [[2], false],
      [[4], true],
    ])
    expect(urls.at(-1)).toBe('/api/v1/pods')
  })

  it('counts its calls, and the pages of one list as one', async () => {
    const client = await start((request, response) => {
      const isFirst = !(request.url ?? '').includes('continue=')
      response.end(JSON.stringify({ metadata: isFirst ? { continue: 'x' } : {}, items: [] }))
    })
    let pages = 0
    for await (const { page } of client.pages('/api/v1/pods')) pages += Array.isArray(page['items']) ? 1 : 0
    await client.getJson('/api/v1/nodes')
    expect({ pages, calls: client.calls }).toEqual({ pages: 2, calls: 2 })
  })

  it('asks a SelfSubjectAccessReview', async () => {
    let body = ''
    const client = await start((request, response) => {
      request.setEncoding('utf8').on('data', (text: string) => {
        body += text
      })
      request.on('end', () => response.end('{"status":{"allowed":true}}'))
    })
    expect(await client.canI({ verb: 'get', resource: 'pods', subresource: 'proxy', namespace: 'kube-system' })).toBe(
      true,
    )
    expect(JSON.parse(body)).toMatchObject({
      kind: 'SelfSubjectAccessReview',
      spec: { resourceAttributes: { verb: 'get', resource: 'pods', subresource: 'proxy', namespace: 'kube-system' } },
    })
  })

  it.each([
    {
      code: 401,
      reason: 'Unauthorized',
      error: 'unauthorized',
      says: /does not accept the credential of test: no way; log in again$/,
    },
    {
      code: 403,
      reason: 'Forbidden',
      error: 'forbidden',
      says: /^Cannot list pods: forbidden: no way$/,
    },
    { code: 404, reason: 'NotFound', error: 'absent', says: /^Cannot list pods: no way$/ },
    { code: 500, reason: 'InternalError', error: 'refused', says: /the API server answers 500: no way/ },
  ])('turns $code into a sentence that names verb and resource', async ({ code, reason, error, says }) => {
    const client = await start((_, response) => status(response, code, reason, 'no way'))
    const thrown = await client.getJson('/api/v1/pods').catch((caught: unknown) => caught)
    expect(thrown).toBeInstanceOf(KubeApiError)
    expect(thrown).toMatchObject({ code: error, status: code, reason, path: '/api/v1/pods' })
    expect((thrown as KubeApiError).message).toMatch(says)
  })

  it('tells a web page from the Kubernetes API, and a cut-off answer from both', async () => {
    const page = await start((_, response) => response.end('<html>Log in</html>'))
    await expect(page.getJson('/version')).rejects.toThrow(/answers with a web page, not with the Kubernetes API/)
    const cut = await start((_, response) => {
      response.writeHead(200, { 'content-length': '100' })
      response.write('{"a"')
      response.socket?.end()
    })
    await expect(cut.getJson('/version')).rejects.toThrow(/broke off/)
  })

  it('ends at the deadline when nothing is answered, and when the body stops in the middle', async () => {
    const silent = await start(() => {})
    await expect(silent.getJson('/version', { timeoutMs: 50 })).rejects.toMatchObject({ code: 'timeout' })
    const stalled = await start((_, response) => {
      response.write('{"a"')
    })
    await expect(stalled.getJson('/version', { timeoutMs: 50 })).rejects.toThrow(/broke off: no answer within 0.05 s/)
  })

  it('says when nothing listens', async () => {
    const client = await start((_, response) => response.end())
    client.close()
    const { port } = new URL(client.access.server)
    cleanups.splice(0).forEach((cleanup) => cleanup())
    const other = new KubeClient(access({ server: `http://127.0.0.1:${port}` }), {})
    await expect(other.getJson('/version')).rejects.toThrow(
      `Cannot reach the API server http://127.0.0.1:${port}: connection refused`,
    )
  })

  it('says when TLS meets a server that speaks none', async () => {
    const client = await start((_, response) => response.end())
    const other = new KubeClient(access({ server: client.access.server.replace('http:', 'https:') }), {})
    await expect(other.getJson('/version')).rejects.toMatchObject({ code: 'tls' })
  })

  it('gives a text cut to its limit', async () => {
    const client = await start((_, response) => response.end('0123456789'))
    expect(await client.getText('/metrics', { mostOctets: 4 })).toBe('0123')
  })
})

describe('KubeClient credentials', () => {
  it('reads a token file, and again after a 401', async () => {
    const folder = temporary()
    const path = join(folder, 'token')
    writeFileSync(path, 'old\n')
    const client = await start(
      (request, response) => {
        if (request.headers.authorization === 'Bearer new') return response.end('{}')
        writeFileSync(path, 'new\n')
        status(response, 401, 'Unauthorized', 'Unauthorized')
      },
      { credential: { kind: 'token-file', path } },
    )
    expect(await client.getJson('/version')).toEqual({})
  })

  it('runs an exec plugin once, with KUBERNETES_EXEC_INFO, until its credential expires', async () => {
    const folder = temporary()
    const info = join(folder, 'info')
    const plugin = script(
      folder,
      `
      require('node:fs').appendFileSync(${JSON.stringify(info)}, process.env.KUBERNETES_EXEC_INFO + ' ' + process.env.EXTRA + '\\n')
      console.log(JSON.stringify({ apiVersion: 'client.authentication.k8s.io/v1', kind: 'ExecCredential', status: { token: 'from-plugin' } }))`,
    )
    const tokens: unknown[] = []
    const client = await start(
      (request, response) => {
        tokens.push(request.headers.authorization)
        response.end('{}')
      },
      { credential: exec(folder, plugin, { provideClusterInfo: true }) },
    )
    await client.getJson('/version')
    await client.getJson('/version')
    expect(tokens).toEqual(['Bearer from-plugin', 'Bearer from-plugin'])
    const [line, ...more] = readFileSync(info, 'utf8').trim().split('\n')
    expect(more).toEqual([])
    expect(line?.endsWith(' value')).toBe(true)
    expect(JSON.parse(line?.slice(0, -' value'.length) ?? '')).toMatchObject({
      kind: 'ExecCredential',
      spec: { cluster: { server: client.access.server } },
    })
  })

  it.each([
    { plugin: 'fails', body: 'process.exit(3)', says: /failed with exit status 3/ },
    { plugin: 'prints no JSON', body: 'console.log("hello")', says: /printed no JSON/ },
    {
      plugin: 'speaks another version',
      body: 'console.log(JSON.stringify({apiVersion:"x/v1",kind:"ExecCredential",status:{token:"t"}}))',
      says: /speaks "x\/v1", the kubeconfig says/,
    },
    {
      plugin: 'gives nothing',
      body: 'console.log(JSON.stringify({apiVersion:"client.authentication.k8s.io/v1",kind:"ExecCredential",status:{}}))',
      says: /gave neither a token nor a client certificate/,
    },
  ])('reports a plugin that $plugin', async ({ body, says }) => {
    const folder = temporary()
    const client = await start((_, response) => response.end('{}'), {
      credential: exec(folder, script(folder, body), {}),
    })
    await expect(client.getJson('/version')).rejects.toThrow(says)
  })

  it('gives the install hint of a plugin that does not exist', async () => {
    const client = await start((_, response) => response.end('{}'), {
      credential: exec('/', 'fathom-no-such-plugin', { installHint: 'get it from example.org' }),
    })
    await expect(client.getJson('/version')).rejects.toThrow(/it is not installed; get it from example.org/)
  })
})

describe('describeRequest()', () => {
  it.each([
    { method: 'GET', path: '/api/v1/pods?limit=500', says: 'list pods' },
    { method: 'GET', path: '/api/v1/pods?watch=true', says: 'watch pods' },
    { method: 'GET', path: '/api/v1/namespaces', says: 'list namespaces' },
    { method: 'GET', path: '/api/v1/namespaces/x', says: 'get namespaces' },
    { method: 'GET', path: '/api/v1/namespaces/x/configmaps/y', says: 'get configmaps in namespace x' },
    {
      method: 'GET',
      path: podProxyPath({ namespace: 'kube-system', name: 'c', port: 9153 }, '/metrics'),
      says: 'get pods/proxy in namespace kube-system',
    },
    {
      method: 'GET',
      path: podLogPath({ namespace: 'kube-system', name: 'c' }),
      says: 'get pods/log in namespace kube-system',
    },
    { method: 'GET', path: '/apis/discovery.k8s.io/v1/endpointslices', says: 'list endpointslices.discovery.k8s.io' },
    {
      method: 'POST',
      path: '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews',
      says: 'create selfsubjectaccessreviews.authorization.k8s.io',
    },
    { method: 'GET', path: '/version', says: 'get /version' },
  ])('$method $path: $says', ({ method, path, says }) => {
    expect(describeRequest({ method, path })).toBe(says)
  })
})

// --- Rig ---

function access(fields: Partial<ClusterAccess>): ClusterAccess {
  return {
    context: 'test',
    cluster: 'test',
    namespace: 'default',
    server: '',
    origin: 'test',
    tls: { insecureSkipVerify: false },
    credential: { kind: 'none' },
    ...fields,
  }
}

async function start(
  handler: Handler,
  { prefix = '', ...fields }: Partial<ClusterAccess> & { prefix?: string } = {},
): Promise<KubeClient> {
  const server: Server = createServer(handler)
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  const client = new KubeClient(access({ server: `http://127.0.0.1:${port}${prefix}`, ...fields }), {
    PATH: process.env['PATH'],
  })
  cleanups.push(() => {
    client.close()
    server.closeAllConnections()
    server.close()
  })
  return client
}

function status(response: ServerResponse, code: number, reason: string, message: string): void {
  response
    .writeHead(code)
    .end(JSON.stringify({ kind: 'Status', apiVersion: 'v1', status: 'Failure', reason, message, code }))
}

function temporary(): string {
  const folder = mkdtempSync(join(tmpdir(), 'fathom-client-'))
  cleanups.push(() => rmSync(folder, { recursive: true, force: true }))
  return folder
}

function script(folder: string, body: string): string {
  const path = join(folder, 'plugin.cjs')
  writeFileSync(path, `#!${process.execPath}\n${body}\n`)
  chmodSync(path, 0o755)
  return path
}

function exec(
  directory: string,
  command: string,
  fields: { provideClusterInfo?: boolean; installHint?: string },
): Credential {
  return {
    kind: 'exec',
    plugin: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command,
      args: [],
      env: [{ name: 'EXTRA', value: 'value' }],
      installHint: '',
      provideClusterInfo: false,
      interactiveMode: 'Never',
      directory,
      ...fields,
    },
  }
}
