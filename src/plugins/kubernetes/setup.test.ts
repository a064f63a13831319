import { describe, expect, it } from 'vitest'
import { createFakeClock } from '../../../test/support/fake-clock.ts'
import { createTestEnv, parseDirective } from '../../../test/support/plugin-rig.ts'
import { kubernetesPlugin } from './index.ts'
import type { KubernetesOptions } from './setup.ts'

function parse(directive: string, zones?: readonly string[]): KubernetesOptions {
  return parseDirective(
    kubernetesPlugin,
    directive,
    createTestEnv({ clock: createFakeClock(), zones: zones ?? ['.'] }).env,
  )
}

function block(line: string): string {
  return `kubernetes cluster.local {\n${line}\n}`
}

describe('parseKubernetes()', () => {
  it("takes the block's zones and CoreDNS's defaults", () => {
    expect(parse('kubernetes', ['cluster.local.', 'in-addr.arpa.'])).toEqual({
      schema: {
        zones: ['cluster.local.', 'in-addr.arpa.'],
        multiclusterZones: [],
        ttl: 5,
        pods: 'disabled',
        endpointPodNames: false,
        endpoints: true,
        ignoreEmptyService: false,
        namespaces: [],
        zonal: false,
      },
      connection: {},
      labels: undefined,
      namespaceLabels: undefined,
      fallthrough: undefined,
      startupTimeoutMs: 5000,
    })
  })

  it('reads every option', () => {
    const text = [
      'kubernetes Cluster.Local 10.0.0.0/16 clusterset.local {',
      'endpoint http://192.0.2.1:8080',
      'tls cert.pem key.pem ca.pem',
      'kubeconfig /etc/kubeconfig prod',
      'apiserver_qps 2.5',
      'apiserver_burst 7',
      'apiserver_max_inflight 3',
      'namespaces a b',
      'namespaces c',
      'labels app in (x, y),!z',
      'pods insecure',
      'endpoint_pod_names',
      'ttl 0',
      'fallthrough in-addr.arpa',
      'ignore empty_service',
      'multicluster clusterset.local',
      'zonal',
      'startup_timeout 1m30s',
      '}',
    ].join('\n')
    expect(parse(text)).toMatchObject({
      schema: {
        zones: ['cluster.local.', '0.10.in-addr.arpa.', 'clusterset.local.'],
        multiclusterZones: ['clusterset.local.'],
        ttl: 0,
        pods: 'insecure',
        endpointPodNames: true,
        ignoreEmptyService: true,
        namespaces: ['a', 'b', 'c'],
        zonal: true,
      },
      connection: {
        endpoint: 'http://192.0.2.1:8080',
        tls: { cert: 'cert.pem', key: 'key.pem', ca: 'ca.pem' },
        kubeconfig: { path: '/etc/kubeconfig', context: 'prod' },
        qps: 2.5,
        burst: 7,
        maxInflight: 3,
      },
      fallthrough: ['in-addr.arpa.'],
      startupTimeoutMs: 90_000,
    })
  })

  it('takes the apexes of the reverse tree for zones of their own, as Talos needs', () => {
    expect(parse('kubernetes in-addr.arpa ip6.arpa').schema.zones).toEqual(['in-addr.arpa.', 'ip6.arpa.'])
  })

  const refused: readonly { readonly directive: string; readonly message: string }[] = [
    { directive: 'kubernetes 10.0.0.0/24', message: 'non-reverse zone name must be used' },
    { directive: block('upstream'), message: `unknown property 'upstream'` },
    { directive: block('resyncperiod 5m'), message: `unknown property 'resyncperiod'` },
    { directive: block('ttl 3601'), message: 'ttl must be in range [0, 3600]: 3601' },
    { directive: block('ttl -1'), message: 'ttl must be in range [0, 3600]: -1' },
    { directive: block('ttl 5s'), message: 'strconv.Atoi: parsing "5s": invalid syntax' },
    { directive: block('ttl'), message: `Wrong argument count or unexpected line ending after 'ttl'` },
    {
      directive: block('pods sometimes'),
      message: 'wrong value for pods: sometimes,  must be one of: disabled, verified, insecure',
    },
    { directive: block('pods'), message: 'Wrong argument count' },
    { directive: block('namespaces'), message: 'Wrong argument count' },
    {
      directive: block('namespaces a\nnamespace_labels b=c'),
      message: 'namespaces and namespace_labels cannot both be set',
    },
    { directive: block('labels a in (b'), message: `unable to parse label selector value: 'a in (b'` },
    { directive: block('namespace_labels =b'), message: `unable to parse namespace_label selector value: '=b'` },
    { directive: block('noendpoints yes'), message: 'Wrong argument count' },
    { directive: block('zonal\nnoendpoints'), message: 'zonal requires the endpoint cache; remove noendpoints' },
    { directive: block('ignore pods'), message: `unable to parse ignore value: 'pods'` },
    {
      directive: block('multicluster other.local'),
      message: 'is not authoritative for the multicluster zone other.local.',
    },
    { directive: block('startup_timeout soon'), message: 'failed to parse startup_timeout: soon' },
    { directive: block('tls cert key'), message: 'Wrong argument count' },
    { directive: block('kubeconfig'), message: 'Wrong argument count' },
    { directive: block('apiserver_qps -1'), message: 'apiserver_qps must be >= 0' },
    { directive: block('apiserver_burst many'), message: 'strconv.Atoi: parsing "many"' },
    {
      directive: 'kubernetes a.local\nkubernetes b.local',
      message: 'this plugin can only be used once per Server Block',
    },
  ]
  it.for(refused)('refuses $directive', ({ directive, message }) => {
    expect(() => parse(directive)).toThrow(message)
  })

  it('warns of several endpoints and takes the first', () => {
    const { env, log } = createTestEnv({ clock: createFakeClock() })
    const options = parseDirective(kubernetesPlugin, block('endpoint http://a http://b'), env)
    expect(options.connection.endpoint).toBe('http://a')
    expect(log).toEqual([
      "warning Multiple endpoints have been deprecated, only the first specified endpoint 'http://a' is used",
    ])
  })
})
