import { PassThrough, Readable } from 'node:stream'
import { describe, expect, it } from 'vitest'
import { parseAllDocuments } from 'yaml'
import type { Io } from './command.ts'
import { rbacCommand } from './rbac.ts'
import type { RbacObject } from './rbac/role-objects.ts'

async function run(...args: string[]): Promise<string> {
  const stdout = new PassThrough()
  const io: Io = { stdout, stderr: new PassThrough(), stdin: Readable.from([]), env: {}, color: false }
  expect(await rbacCommand.run(args, io)).toBe(0)
  stdout.end()
  return (await stdout.toArray()).join('')
}

async function objectsOf(...args: string[]): Promise<RbacObject[]> {
  const documents = parseAllDocuments(await run(...args)) as readonly { toJS(): unknown }[]
  return documents.map((document) => document.toJS()).filter((object) => object !== null) as RbacObject[]
}

describe('rbacCommand', () => {
  it('prints a ClusterRole and a Role, which grow from tier to tier', async () => {
    const counts: number[] = []
    for (const tier of ['0', '1', '2', '3', '4']) {
      const objects = await objectsOf('--tier', tier)
      expect(objects.map(({ kind }) => kind)).toEqual(['ClusterRole', 'Role'])
      counts.push(objects[1]?.rules?.length ?? 0)
    }
    expect(counts).toEqual([1, 2, 3, 4, 5])
  })

  it('never asks for nodes/proxy, secrets, or a right to all', async () => {
    const objects = await objectsOf('--tier', '5', '-n', 'shop')
    const rules = objects.flatMap((object) => object.rules ?? [])
    const words = new Set(rules.flatMap(({ resources, verbs }) => [...resources, ...verbs]))
    expect(['nodes/proxy', 'secrets', '*', 'delete', 'update'].filter((word) => words.has(word))).toEqual([])
  })

  it('binds to whom it is told, in the namespaces where the roles are', async () => {
    const objects = await objectsOf(
      '--tier',
      '5',
      '-n',
      'shop',
      '--dns-namespace',
      'dns',
      '--serviceaccount',
      'ops:bot',
    )
    expect(objects.map(({ kind, metadata }) => [kind, metadata.namespace])).toEqual([
      ['ClusterRole', undefined],
      ['ClusterRoleBinding', undefined],
      ['Role', 'dns'],
      ['RoleBinding', 'dns'],
      ['Role', 'shop'],
      ['RoleBinding', 'shop'],
    ])
    expect(objects[3]).toMatchObject({
      roleRef: { kind: 'Role', name: 'fathom-tier-5' },
      subjects: [{ kind: 'ServiceAccount', name: 'bot', namespace: 'ops' }],
    })
  })

  it('says how to bind when nobody is named', async () => {
    expect(await run('--tier', '3')).toContain('#   kubectl create rolebinding fathom-tier-3 -n kube-system')
  })

  it.each([
    { args: [], message: 'Missing --tier: give a number from 0 to 5' },
    { args: ['--tier', '6'], message: 'Cannot use --tier "6": it must be from 0 to 5' },
    { args: ['--tier', '1', '--user', 'a', '--group', 'b'], message: /^Cannot bind to several at once/ },
    { args: ['--tier', '1', '--serviceaccount', 'bot'], message: /it is written NAMESPACE:NAME$/ },
    { args: ['--tier', '1', '--name', 'a b'], message: /^Cannot use --name "a b"/ },
  ])('refuses $args', async ({ args, message }) => {
    await expect(run(...args)).rejects.toThrow(message)
  })
})
