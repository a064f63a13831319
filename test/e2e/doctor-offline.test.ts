// The doctor on the reference cluster's manifests: no probe, no network, judgements from the objects alone.
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { describe, expect, it } from 'vitest'
import { runDoctor, runDoctorJson } from '../support/run-doctor.ts'

const REFERENCE = resolve(import.meta.dirname, '../../lab/reference')
const MANIFESTS = ['--manifests', REFERENCE] as const

describe('fathom doctor --manifests', () => {
  it('is inconclusive without a name: nothing was asked, so nothing is called healthy', async () => {
    const { status, report } = await runDoctorJson(MANIFESTS)
    expect(status).toBe(3)
    expect(report).toMatchObject({ outcome: 'inconclusive', verdict: null, causes: [] })
    expect(report.ladder.length).toBeGreaterThan(50)
    expect(new Set(report.ladder.map(({ result }) => result))).toEqual(new Set(['skipped']))
  })

  it('lists the fourth nameserver of node3 as an observation and never blames it', async () => {
    const { report } = await runDoctorJson(MANIFESTS)
    expect(report.observations.map(({ code, subject }) => `${code} ${subject.name}`)).toEqual([
      'too-many-nameservers node3',
    ])
    const skipped = report.ladder.filter(
      ({ hop, server, from }) => hop === 'upstream' && server === '1.2.4.8' && from === 'node/node3',
    )
    expect(skipped.map(({ result, why }) => [result, why?.includes('4 of 4')])).toEqual([
      ['skipped', true],
      ['skipped', true],
    ])
  })

  it('knows that 1.2.4.8 is in use on node4 only, and does not judge it without asking', async () => {
    const { report } = await runDoctorJson(MANIFESTS)
    expect(
      report.notChecked.filter(({ code, subject }) => code === 'upstream-dead' && subject?.name === '1.2.4.8'),
    ).toHaveLength(1)
    expect(report.excluded.some(({ subject }) => subject?.name === '1.2.4.8')).toBe(false)
  })

  it.each([
    {
      name: 'redis-ha-server-1.kubesphere-system.svc.cluster.local',
      code: 'pod-name-is-not-a-service',
      says: 'redis-ha-server-1.redis-ha.kubesphere-system.svc.cluster.local',
    },
    {
      name: 'redis-ha-server-1.kubesphere-system',
      code: 'pod-name-is-not-a-service',
      says: 'redis-ha-server-1.redis-ha.kubesphere-system.svc.cluster.local',
    },
  ])("answers the story's question about $name", async ({ name, code, says }) => {
    const { status, report } = await runDoctorJson([...MANIFESTS, '--name', name])
    expect(status).toBe(1)
    expect(report.verdict?.code).toBe(code)
    expect(JSON.stringify(report.causes[0]?.evidence)).toContain(says)
  })

  it('says why a name does not exist although no cause fits', async () => {
    const { status, report } = await runDoctorJson([...MANIFESTS, '--name', 'web.no-such-namespace.svc.cluster.local'])
    expect(status).toBe(3)
    expect(report.name?.absence).toContain('no-such-namespace')
    expect(report.unexplained).toEqual(['name'])
  })

  it('completes a name with the search list of the pod given by --from', async () => {
    const { report } = await runDoctorJson([
      ...MANIFESTS,
      '--name',
      'redis-ha',
      '--from',
      'kubesphere-system/redis-ha-server-0',
    ])
    expect(report.name).toMatchObject({ name: 'redis-ha.kubesphere-system.svc.cluster.local.', absence: null })
  })

  it('reads standard input', async () => {
    const service = {
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'a', namespace: 'b' },
      spec: { clusterIP: 'None' },
    }
    const { status, report } = await runDoctorJson(['--manifests', '-', '--name', 'a.b.svc.cluster.local'], {
      stdin: JSON.stringify(service),
    })
    expect(status).toBe(3)
    expect(report.notChecked.map(({ code }) => code)).toContain('headless-service-no-endpoints')
  })

  it.each(['text', 'md', 'junit', 'html'])('prints %s in Chinese too', async (format) => {
    const { stdout, stderr } = await runDoctor([...MANIFESTS, '-o', format, '--lang', 'zh'])
    expect(stdout).toMatch(/\p{Script=Han}/u)
    expect(stderr).toBe('')
  })

  it('exits with 0 under --exit-zero', async () => {
    const { status } = await runDoctor([...MANIFESTS, '--exit-zero', '--name', 'redis-ha-server-1.kubesphere-system'])
    expect(status).toBe(0)
  })
})

describe('fathom doctor: bad input', () => {
  it.each([
    {
      title: 'an unknown option',
      args: ['--nmae', 'x'],
      line: /^fathom: Unknown option '--nmae' \(Did you mean --name\?\); see "fathom doctor --help"\n$/,
    },
    { title: 'an argument', args: [...MANIFESTS, '--', 'extra'], line: /Unexpected argument "extra"; see/ },
    { title: 'two names', args: ['--name', 'a', '--name', 'b'], line: /Cannot use --name twice \("a", "b"\)/ },
    {
      title: 'a name with a blank',
      args: ['--external-name', 'x y'],
      line: /--external-name "x y": a domain name holds no white space/,
    },
    {
      title: 'an unknown format',
      args: [...MANIFESTS, '-o', 'yaml'],
      line: /-o "yaml": it must be one of text, json, junit, md/,
    },
    {
      title: 'an unknown language',
      args: [...MANIFESTS, '--lang', 'fr'],
      line: /--lang "fr": it must be one of en, zh/,
    },
    {
      title: 'a bad duration',
      args: [...MANIFESTS, '--timeout', 'soon'],
      line: /--timeout "soon": it must be between 1s and 10m/,
    },
    { title: 'a timeout of zero', args: [...MANIFESTS, '--timeout', '0s'], line: /--timeout "0s"/ },
    {
      title: 'a label over 63 octets',
      args: [...MANIFESTS, '--name', `${'a'.repeat(64)}.default`],
      line: /--name .*63/,
    },
    { title: 'a name over 255 octets', args: [...MANIFESTS, '--name', `${'a.'.repeat(130)}b`], line: /--name .*255/ },
    {
      title: 'a pod that is not there',
      args: [...MANIFESTS, '--from', 'default/nobody'],
      line: /pod default\/nobody: there is no such pod; namespace "default" has console/,
    },
    { title: 'a node that is not there', args: [...MANIFESTS, '--from', 'node/node9'], line: /no node "node9"/ },
    { title: 'a file that is not there', args: ['--manifests', '/no/such/file.yaml'], line: /\/no\/such\/file\.yaml/ },
    { title: 'two sources', args: [...MANIFESTS, '--lab'], line: /together/ },
    {
      title: 'a positional argument',
      args: [...MANIFESTS.slice(0, 2), '-o', 'json', '--', 'extra'],
      line: /too many arguments|extra/,
    },
  ])('$title is one line and status 2', async ({ args, line }) => {
    const { status, stdout, stderr } = await runDoctor(args)
    expect(stderr).toMatch(line)
    expect(stderr.trim().split('\n')).toHaveLength(1)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
  })

  it('--help prints the options and exits with 0', async () => {
    const { status, stdout } = await runDoctor(['--help'])
    expect(status).toBe(0)
    for (const option of ['--name', '--from', '--lang', '--timeout', '--fail-on', '--manifests'])
      expect(stdout).toContain(option)
  })
})

describe('the reference cluster', () => {
  it('is the one of the story: 1.2.4.8 is fourth on node3 and second on node4', () => {
    const nameservers = (node: string): string[] =>
      [
        ...readFileSync(resolve(REFERENCE, `nodes/${node}/run/systemd/resolve/resolv.conf`), 'utf8').matchAll(
          /^nameserver (\S+)/gm,
        ),
      ].map((match) => match[1] ?? '')
    expect(nameservers('node3').indexOf('1.2.4.8')).toBe(3)
    expect(nameservers('node4').indexOf('1.2.4.8')).toBe(1)
  })
})

describe('fathom doctor --bundle', () => {
  it.each([
    { args: ['--bundle', REFERENCE], says: `fathom: Cannot read ${REFERENCE}: EISDIR` },
    { args: ['--bundle', 'x', '--name', 'y'], says: 'fathom: Cannot use --name with --bundle: it was settled' },
    { args: ['--bundle', 'x', '--lab'], says: 'fathom: Cannot use --lab with --bundle' },
  ])('refuses $args', async ({ args, says }) => {
    const { status, stdout, stderr } = await runDoctor(args)
    expect({ status, stdout }).toEqual({ status: 2, stdout: '' })
    expect(stderr).toContain(says)
    expect(stderr.trimEnd()).not.toContain('\n')
  })
})
