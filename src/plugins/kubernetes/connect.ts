// From the directive's options, or the pod's service account, to a client of the API server.
import { UsageError, describeError } from '../../base/index.ts'
import { KubeClient, resolveAccess, type ClusterAccess } from '../../kube/api/index.ts'
import type { PluginEnv } from '../../server/index.ts'
import type { ConnectionOptions } from './setup.ts'

const SERVICE_ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount'

type ConnectEnv = Pick<PluginEnv, 'environment' | 'files' | 'log' | 'network'>

/**
 * Makes a client; nothing is sent yet.
 *
 * @throws {UsageError} a file cannot be read, or there is neither option nor service account
 */
export async function connectToCluster(options: ConnectionOptions, env: ConnectEnv): Promise<KubeClient> {
  return new KubeClient(await accessOf(options, env), env.environment)
}

async function accessOf(options: ConnectionOptions, env: ConnectEnv): Promise<ClusterAccess> {
  if (options.kubeconfig !== undefined) {
    const { path, context } = options.kubeconfig
    return resolveAccess({ kubeconfig: path, context }, env.environment)
  }
  return options.endpoint === undefined ? inClusterAccess(env) : endpointAccess(options.endpoint, options.tls, env)
}

function endpointAccess(endpoint: string, tls: ConnectionOptions['tls'], env: ConnectEnv): ClusterAccess {
  const url = /^[a-z]+:\/\//i.test(endpoint) ? endpoint : `${tls === undefined ? 'http' : 'https'}://${endpoint}`
  if (!URL.canParse(url)) throw new UsageError('bad-configuration', `endpoint "${endpoint}" is no URL`)
  return {
    ...NOBODY,
    server: mapped(url.replace(/\/+$/, ''), env),
    origin: `endpoint ${endpoint}`,
    tls:
      tls === undefined
        ? { insecureSkipVerify: false }
        : {
            insecureSkipVerify: false,
            ca: readFile(tls.ca, env),
            cert: readFile(tls.cert, env),
            key: readFile(tls.key, env),
          },
    credential: { kind: 'none' },
  }
}

function inClusterAccess(env: ConnectEnv): ClusterAccess {
  const { KUBERNETES_SERVICE_HOST: host = '', KUBERNETES_SERVICE_PORT: port = '' } = env.environment
  if (host === '' || port === '') {
    throw new UsageError(
      'bad-configuration',
      'unable to load in-cluster configuration, KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT must be defined; ' +
        'outside a cluster give "endpoint" or "kubeconfig"',
    )
  }
  readFile(`${SERVICE_ACCOUNT}/token`, env)
  return {
    ...NOBODY,
    server: mapped(`https://${host.includes(':') ? `[${host}]` : host}:${port}`, env),
    origin: 'in-cluster service account',
    tls: { insecureSkipVerify: false, ...readAuthority(`${SERVICE_ACCOUNT}/ca.crt`, env) },
    credential: { kind: 'token-file', path: `${SERVICE_ACCOUNT}/token`, read: (path) => env.files.readText(path) },
  }
}

const NOBODY = { context: '', cluster: 'in-cluster', namespace: 'default' } as const

/** Without the cluster's authority the system's are tried, as client-go does. */
function readAuthority(path: string, env: ConnectEnv): { readonly ca?: string } {
  try {
    return { ca: env.files.readText(path) }
  } catch (error) {
    env.log.error(`Expected to load root CA config from ${path}, but got err: ${describeError(error)}`)
    return {}
  }
}

function readFile(path: string, { files }: ConnectEnv): string {
  try {
    return files.readText(path)
  } catch (error) {
    throw new UsageError('bad-configuration', `unable to read ${path}: ${describeError(error)}`, { cause: error })
  }
}

/** The URL with the address that the network maps it to. */
function mapped(server: string, { network }: ConnectEnv): string {
  const url = new URL(server)
  const address = url.hostname.replace(/^\[|\]$/g, '')
  const port = Number(url.port || (url.protocol === 'https:' ? 443 : 80))
  const target = network.callTo({ address, port })
  if (target.address === address && target.port === port) return server
  url.hostname = target.address.includes(':') ? `[${target.address}]` : target.address
  url.port = String(target.port)
  return url.toString().replace(/\/$/, '')
}
