// What deploy/ holds is held against the program: rights, command lines, metrics; rules and queries by promtool.
import { execFile, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { PassThrough, Readable } from 'node:stream'
import { promisify } from 'node:util'
import { describe, expect, it } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { parseDoctorArgs } from '../../src/cli/doctor/options.ts'
import { rbacCommand } from '../../src/cli/rbac.ts'
import { LoopbackLab, readDescription } from '../../src/lab/index.ts'
import { NO_PROMTOOL, promtool } from '../support/promtool.ts'
import { runCommand } from '../support/run-doctor.ts'

const ROOT = resolve(import.meta.dirname, '../..')
const DEPLOY = join(ROOT, 'deploy')
const KUBECTL = process.env['KUBECTL'] ?? 'kubectl'

interface Container {
  readonly args: readonly string[]
  readonly ports?: readonly { readonly name: string; readonly containerPort: number }[]
  readonly livenessProbe?: { readonly httpGet: { readonly path: string; readonly port: string } }
}
interface PodSpec {
  readonly serviceAccountName: string
  readonly containers: readonly [Container]
}
interface Manifest {
  readonly kind: string
  readonly metadata: { readonly name: string; readonly namespace?: string }
  readonly spec?: { readonly template?: { readonly spec: PodSpec } }
}
interface Rules {
  readonly groups: readonly {
    readonly rules: readonly {
      readonly alert: string
      readonly expr: string
      readonly annotations: Readonly<Record<string, string>>
    }[]
  }[]
}
interface RuleTest {
  readonly alertname: string
  readonly exp_alerts: readonly unknown[]
}
interface Panel {
  readonly id: number
  readonly gridPos: { readonly x: number; readonly y: number; readonly w: number; readonly h: number }
  readonly datasource: { readonly uid: string }
  readonly targets: readonly { readonly expr: string }[]
}

const text = (file: string): string => readFileSync(join(DEPLOY, file), 'utf8')
const manifests = (yaml: string): Manifest[] =>
  parseAllDocuments(yaml).map((document) => document.toJS({ maxAliasCount: 10 }) as Manifest)
const rules = parse(text('prometheus-rules.yaml')) as Rules
const alerts = rules.groups.flatMap((group) => group.rules)
const panels = (JSON.parse(text('grafana-dashboard.json')) as { readonly panels: readonly Panel[] }).panels
const queries = panels.flatMap(({ targets }) => targets.map(({ expr }) => expr))

describe('deploy/fathom-doctor.yaml', () => {
  const all = manifests(text('fathom-doctor.yaml'))

  it('gives the account what "fathom rbac --tier 1" prints, and nothing else', async () => {
    const { stdout } = await runCommand(rbacCommand, [
      '--tier',
      '1',
      '--name',
      'fathom-doctor',
      '--serviceaccount',
      'fathom:fathom-doctor',
    ])
    const isRole = ({ kind }: Manifest): boolean => kind.startsWith('Role') || kind.startsWith('ClusterRole')
    const printed = manifests(stdout).filter((manifest) => manifest !== null)
    expect(printed.length).toBe(4)
    expect(all.filter(isRole)).toEqual(printed)
  })

  it('runs a command line that the program takes, and asks for health where it is served', () => {
    const pod = all.find(({ kind }) => kind === 'Deployment')?.spec?.template?.spec
    const [{ args, ports = [], livenessProbe }] = pod?.containers ?? [{ args: [] }]
    const [command, ...given] = args
    expect(command).toBe('doctor')
    const options = parseDoctorArgs(given, { ...silentIo(), env: {} })
    expect(options?.watch).toMatchObject({ intervalMs: 60_000, metricsAt: { port: 9255 } })
    expect(ports).toEqual([{ name: 'metrics', containerPort: 9255 }])
    expect(livenessProbe?.httpGet).toEqual({ path: '/healthz', port: 'metrics' })
    expect(pod?.serviceAccountName).toBe(all.find(({ kind }) => kind === 'ServiceAccount')?.metadata.name)
  })

  const hasKubectl = spawnSync(KUBECTL, ['version', '--client'], { stdio: 'ignore' }).status === 0
  it('is what kubectl applies', async ({ skip }) => {
    skip(!hasKubectl, 'no kubectl (Debian: kubernetes-client)')
    const folder = mkdtempSync(join(tmpdir(), 'fathom-deploy-'))
    const lab = await LoopbackLab.start(readDescription(join(ROOT, 'lab/reference')))
    try {
      const kubeconfig = join(folder, 'kubeconfig')
      writeFileSync(kubeconfig, lab.kubeconfig('test'), { mode: 0o600 })
      const env = { PATH: process.env['PATH'], HOME: folder, KUBECONFIG: kubeconfig }
      const file = join(DEPLOY, 'fathom-doctor.yaml')
      const { stdout } = await promisify(execFile)(KUBECTL, ['apply', '--validate=false', '-f', file], {
        env,
      })
      expect(stdout.trim().split('\n').length).toBe(all.length)
    } finally {
      await lab.close()
      rmSync(folder, { recursive: true, force: true })
    }
  }, 60_000)
})

describe('deploy/cronjob.yaml', () => {
  it('runs a command line that the program takes, with the account of the Deployment', () => {
    const [job] = manifests(text('cronjob.yaml')) as unknown as readonly [
      { readonly spec: { readonly jobTemplate: { readonly spec: { readonly template: { readonly spec: PodSpec } } } } },
    ]
    const { containers, serviceAccountName } = job.spec.jobTemplate.spec.template.spec
    expect(serviceAccountName).toBe('fathom-doctor')
    expect(parseDoctorArgs(containers[0].args.slice(1), silentIo())).toMatchObject({ repeat: 20 })
  })
})

describe('deploy/Dockerfile', () => {
  it('and the manifests name the version of the package', () => {
    const { version } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')) as { readonly version: string }
    for (const file of ['Dockerfile', 'fathom-doctor.yaml', 'cronjob.yaml', 'README.md']) {
      expect(text(file)).toContain(`fathom-dns:${version}`)
    }
    expect(text('Dockerfile')).toContain(`fathom-dns-${version}.tgz`)
  })
})

describe('deploy/prometheus-rules.yaml', () => {
  it('is taken by promtool, and fires as its tests say', ({ skip }) => {
    const checked = promtool(['check', 'rules', join(DEPLOY, 'prometheus-rules.yaml')])
    skip(checked === undefined, NO_PROMTOOL)
    expect(checked).toMatchObject({
      status: 0,
      said: expect.stringContaining(`${alerts.length} rules found`) as string,
    })
    const tested = promtool(['test', 'rules', join(DEPLOY, 'prometheus-rules.test.yaml')])
    expect(tested).toMatchObject({ status: 0, said: expect.stringContaining('SUCCESS') as string })
  })

  it('every alert has a test in which it fires and one in which it does not', () => {
    const { tests } = parse(text('prometheus-rules.test.yaml')) as {
      readonly tests: readonly { readonly alert_rule_test: readonly RuleTest[] }[]
    }
    const looks = tests.flatMap((test) => test.alert_rule_test)
    const names = alerts.map(({ alert }) => alert)
    const seen = (fires: boolean): string[] =>
      names.filter((name) => looks.some((look) => look.alertname === name && look.exp_alerts.length > 0 === fires))
    expect({ fires: seen(true), silent: seen(false) }).toEqual({ fires: names, silent: names })
  })

  it('names pages that exist', () => {
    const pages = alerts.flatMap(({ annotations }) => annotations['description']?.match(/docs\/[\w/-]+\.md/g) ?? [])
    expect(pages.length).toBeGreaterThan(2)
    expect(pages.filter((page) => !existsSync(join(ROOT, page)))).toEqual([])
  })
})

describe('rules and dashboard', () => {
  it('ask for metrics that the program or CoreDNS have', () => {
    const known = readdirSync(join(ROOT, 'src'), { recursive: true, encoding: 'utf8' })
      .filter((file) => /\.(?:ts|md)$/.test(file) && !file.endsWith('.test.ts'))
      .map((file) => readFileSync(join(ROOT, 'src', file), 'utf8'))
      .join('\n')
    const asked = [...alerts.map(({ expr }) => expr), ...queries].join('\n')
    const names = new Set(
      (asked.match(/\b(?:coredns|fathom)_\w+/g) ?? []).map((name) => name.replace(/_(?:bucket|sum|count)$/, '')),
    )
    expect(names.size).toBeGreaterThan(15)
    expect([...names].filter((name) => !known.includes(name))).toEqual([])
  })
})

describe('deploy/grafana-dashboard.json', () => {
  it('has queries that Prometheus understands', ({ skip }) => {
    const folder = mkdtempSync(join(tmpdir(), 'fathom-dashboard-'))
    try {
      const file = join(folder, 'rules.json')
      const recorded = queries.map((expr, index) => ({
        record: `panel:${index}`,
        expr: expr.replaceAll('$__rate_interval', '5m'),
      }))
      writeFileSync(file, JSON.stringify({ groups: [{ name: 'dashboard', rules: recorded }] }))
      const checked = promtool(['check', 'rules', file])
      skip(checked === undefined, NO_PROMTOOL)
      expect(checked).toMatchObject({ status: 0 })
    } finally {
      rmSync(folder, { recursive: true })
    }
  })

  it('lays its panels beside each other, each with an id and the chosen data source', () => {
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length)
    expect(new Set(panels.map(({ datasource }) => datasource.uid))).toEqual(new Set(['${datasource}']))
    const cells = panels.flatMap(({ id, gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, index) => ({ id, cell: `${x + (index % w)} ${y + Math.floor(index / w)}` })),
    )
    expect(new Set(cells.map(({ cell }) => cell)).size).toBe(cells.length)
    expect(panels.every(({ gridPos: { x, w } }) => x + w <= 24)).toBe(true)
  })
})

function silentIo(): Parameters<typeof parseDoctorArgs>[1] {
  return { stdout: new PassThrough(), stderr: new PassThrough(), stdin: Readable.from([]), env: {}, color: false }
}
