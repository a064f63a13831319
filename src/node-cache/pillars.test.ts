import { describe, expect, it } from 'vitest'
import { fillTemplate, serviceHostVariable } from './pillars.ts'

const VALUES = {
  clusterDns: '10.0.0.11',
  clusterDnsVariable: 'KUBE_DNS_UPSTREAM_SERVICE_HOST',
  localAddresses: ['169.254.20.10'],
  upstreamServers: [],
  prometheusAddress: ':9253',
}

function fill(template: string, values: Partial<Parameters<typeof fillTemplate>[1]> = {}): string {
  return fillTemplate(template, { ...VALUES, ...values }).text
}

describe('fillTemplate()', () => {
  it.each([
    { template: 'forward . __PILLAR__CLUSTER__DNS__', text: 'forward . 10.0.0.11' },
    { template: 'forward . __PILLAR__UPSTREAM__SERVERS__', text: 'forward . /etc/resolv.conf' },
    { template: 'bind __PILLAR__LOCAL__DNS__ __PILLAR__DNS__SERVER__', text: 'bind 169.254.20.10 ' },
    { template: 'prometheus __PROMETHEUS__ENDPOINT__', text: 'prometheus :9253' },
    { template: '__PILLAR__DNS__DOMAIN__:53 {', text: '__PILLAR__DNS__DOMAIN__:53 {' },
  ])('makes "$text" of "$template"', ({ template, text }) => {
    expect(fill(template)).toBe(text)
  })

  it('gives health the first of two addresses, and bind both', () => {
    const localAddresses = ['169.254.20.10', '10.96.0.10']
    const template = 'bind __PILLAR__LOCAL__DNS__\nhealth __PILLAR__LOCAL__DNS__:8080'
    expect(fill(template, { localAddresses })).toBe('bind 169.254.20.10 10.96.0.10\nhealth 169.254.20.10:8080')
  })

  it('puts an IPv6 address in brackets before a port', () => {
    expect(fill('health __PILLAR__LOCAL__DNS__:8080', { localAddresses: ['fd00::a'] })).toBe('health [fd00::a]:8080')
  })

  const TCP = '    forward . __PILLAR__UPSTREAM__SERVERS__ {\n            force_tcp\n    }\n'

  it('turns the manifest block to UDP when upstreamNameservers are given, and only then', () => {
    expect(fill(TCP)).toBe('    forward . /etc/resolv.conf {\n            force_tcp\n    }\n')
    expect(fill(TCP, { upstreamServers: ['9.9.9.9', '1.1.1.1'] })).toBe('    forward . 9.9.9.9 1.1.1.1\n')
  })

  it('keeps TCP in another layout, and says so', () => {
    const template = 'forward . __PILLAR__UPSTREAM__SERVERS__ {\n  force_tcp\n}\n'
    const { text, warnings } = fillTemplate(template, { ...VALUES, upstreamServers: ['9.9.9.9'] })
    expect(text).toContain('force_tcp')
    expect(warnings).toEqual([expect.stringContaining('keeps force_tcp')])
  })

  it('names the variable when the upstream Service is unknown, instead of writing <nil>', () => {
    expect(() => fill('forward . __PILLAR__CLUSTER__DNS__', { clusterDns: undefined })).toThrow(
      'the environment variable KUBE_DNS_UPSTREAM_SERVICE_HOST is not set',
    )
    expect(fill('forward . 10.0.0.11', { clusterDns: undefined })).toBe('forward . 10.0.0.11')
  })
})

describe('serviceHostVariable()', () => {
  it('is the Service in upper case with underscores', () => {
    expect(serviceHostVariable('kube-dns-upstream')).toBe('KUBE_DNS_UPSTREAM_SERVICE_HOST')
  })
})
