import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { inClusterAccess, resolveAccess } from './kubeconfig.ts'

const PEM = '-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n'
let folder = ''

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'fathom-kubeconfig-'))
  mkdirSync(join(folder, 'pki'))
  writeFileSync(join(folder, 'pki', 'ca.pem'), PEM)
  write('one.yaml', {
    'current-context': 'one',
    contexts: [{ name: 'one', context: { cluster: 'shared', user: 'alice', namespace: 'shop' } }],
    clusters: [
      { name: 'shared', cluster: { server: 'https://one.example.org:6443/', 'certificate-authority': 'pki/ca.pem' } },
    ],
    users: [{ name: 'alice', user: { token: 'secret-of-alice' } }],
  })
  write('two.yaml', {
    'current-context': 'two',
    contexts: [
      { name: 'two', context: { cluster: 'shared', user: 'bob' } },
      { name: 'broken', context: { cluster: 'nowhere', user: 'bob' } },
      { name: 'plugin', context: { cluster: 'shared', user: 'plugin' } },
      { name: 'file', context: { cluster: 'shared', user: 'file' } },
      { name: 'as', context: { cluster: 'shared', user: 'as' } },
    ],
    clusters: [{ name: 'shared', cluster: { server: 'https://never-used.example.org' } }],
    users: [
      {
        name: 'bob',
        user: {
          'client-certificate-data': Buffer.from(PEM).toString('base64'),
          'client-key-data': Buffer.from(PEM).toString('base64'),
        },
      },
      {
        name: 'plugin',
        user: {
          exec: {
            apiVersion: 'client.authentication.k8s.io/v1',
            command: './login',
            args: ['x'],
            interactiveMode: 'Never',
          },
        },
      },
      { name: 'file', user: { tokenFile: 'token' } },
      { name: 'as', user: { token: 't', as: 'carol', 'as-groups': ['dev'] } },
    ],
  })
})

afterAll(() => rmSync(folder, { recursive: true, force: true }))

function write(name: string, config: Readonly<Record<string, unknown>>): void {
  writeFileSync(join(folder, name), JSON.stringify({ apiVersion: 'v1', kind: 'Config', ...config }))
}

function both(): Record<string, string> {
  return {
    KUBECONFIG: [join(folder, 'absent.yaml'), join(folder, 'one.yaml'), join(folder, 'two.yaml')].join(delimiter),
  }
}

describe('resolveAccess()', () => {
  it('takes the current context, resolves relative paths from the file, and drops the final slash of the server', async () => {
    const access = await resolveAccess({ kubeconfig: join(folder, 'one.yaml') }, {})
    expect(access).toMatchObject({
      context: 'one',
      namespace: 'shop',
      server: 'https://one.example.org:6443',
      tls: { ca: PEM, insecureSkipVerify: false },
      credential: { kind: 'token', token: 'secret-of-alice' },
    })
  })

  it('merges the files of $KUBECONFIG: the first to name an entry wins, files that do not exist are passed over', async () => {
    const first = await resolveAccess({}, both())
    expect(first.context).toBe('one')
    const second = await resolveAccess({ context: 'two' }, both())
    expect(second).toMatchObject({
      server: 'https://one.example.org:6443',
      namespace: 'default',
      tls: { cert: PEM, key: PEM },
    })
  })

  it('reads exec plugins, token files and impersonation', async () => {
    expect((await resolveAccess({ context: 'plugin' }, both())).credential).toMatchObject({
      kind: 'exec',
      plugin: {
        command: './login',
        args: ['x'],
        directory: folder,
        interactiveMode: 'Never',
        provideClusterInfo: false,
      },
    })
    expect((await resolveAccess({ context: 'file' }, both())).credential).toEqual({
      kind: 'token-file',
      path: join(folder, 'token'),
    })
    expect((await resolveAccess({ context: 'as' }, both())).impersonate).toMatchObject({
      user: 'carol',
      groups: ['dev'],
    })
    expect((await resolveAccess({ context: 'as', as: 'dave', asGroups: [] }, both())).impersonate).toMatchObject({
      user: 'dave',
      groups: [],
    })
  })

  it('uses ~/.kube/config when $KUBECONFIG is not set', async () => {
    mkdirSync(join(folder, '.kube'), { recursive: true })
    write('.kube/config', {
      'current-context': 'home',
      contexts: [{ name: 'home', context: { cluster: 'c', user: '' } }],
      clusters: [{ name: 'c', cluster: { server: 'http://127.0.0.1:8080' } }],
    })
    const access = await resolveAccess({}, { HOME: folder })
    expect(access).toMatchObject({ context: 'home', credential: { kind: 'none' } })
  })

  it.each([
    {
      problem: 'no file',
      options: { kubeconfig: '/does/not/exist' },
      says: /Cannot read kubeconfig \/does\/not\/exist: no such file/,
    },
    {
      problem: 'no such context',
      options: { context: 'three' },
      says: /no context "three": choose one with --context \(one, two, /,
    },
    { problem: 'no such cluster', options: { context: 'broken' }, says: /names cluster "nowhere", which is not there/ },
  ])('refuses in one sentence: $problem', async ({ options, says }) => {
    await expect(resolveAccess(options, both())).rejects.toThrow(says)
  })

  it('refuses manifests, broken YAML and certificates that are none', async () => {
    write('pod.yaml', { kind: 'Pod' })
    writeFileSync(join(folder, 'broken.yaml'), 'contexts: [')
    write('certificate.yaml', {
      'current-context': 'c',
      contexts: [{ name: 'c', context: { cluster: 'c', user: '' } }],
      clusters: [{ name: 'c', cluster: { server: 'https://x', 'certificate-authority-data': 'bm90IGEgcGVt' } }],
    })
    await expect(resolveAccess({ kubeconfig: join(folder, 'pod.yaml') }, {})).rejects.toThrow(/its kind is "Pod"/)
    await expect(resolveAccess({ kubeconfig: join(folder, 'broken.yaml') }, {})).rejects.toThrow(
      /Cannot parse kubeconfig/,
    )
    await expect(resolveAccess({ kubeconfig: join(folder, 'certificate.yaml') }, {})).rejects.toThrow(
      /no base64 of a PEM text/,
    )
  })

  it('says what to give when nothing was found', async () => {
    await expect(resolveAccess({}, { HOME: '/does/not/exist' })).rejects.toThrow(
      /--kubeconfig, or read files with --manifests/,
    )
  })
})

describe('inClusterAccess()', () => {
  it('reads the service account and brackets an IPv6 host', () => {
    const account = join(folder, 'account')
    mkdirSync(account)
    writeFileSync(join(account, 'token'), 't')
    writeFileSync(join(account, 'ca.crt'), PEM)
    writeFileSync(join(account, 'namespace'), 'kube-system\n')
    const environment = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '443' }
    expect(inClusterAccess(environment, account)).toMatchObject({
      server: 'https://[fd00::1]:443',
      namespace: 'kube-system',
      tls: { ca: PEM },
      credential: { kind: 'token-file', path: join(account, 'token') },
    })
    expect(inClusterAccess({}, account)).toBeUndefined()
  })
})
