// `fathom rbac`: prints the roles that a tier of probing needs, to be read, and then given to `kubectl apply`.
import { Command as Commander } from 'commander'
import { UsageError } from '../base/index.ts'
import { EXIT } from './command.ts'
import type { Command, Io } from './command.ts'
import { parseCommandLine } from './command-line.ts'
import { roleObjects } from './rbac/role-objects.ts'
import type { RbacSubject, RoleOptions } from './rbac/role-objects.ts'
import { TIERS } from './rbac/tiers.ts'

interface Given {
  readonly tier?: string
  readonly name?: string
  readonly dnsNamespace: string
  readonly namespace: string
  readonly user?: string
  readonly group?: string
  readonly serviceaccount?: string
}

export const rbacCommand: Command = {
  name: 'rbac',
  summary: 'print the Role that a tier of probing needs',
  async run(args, io) {
    const given = parseArguments(args, io)
    if (given === undefined) return EXIT.ok
    const options = readOptions(given)
    const { stringify } = await import('yaml')
    const documents = roleObjects(options).map((object) => stringify(object, { aliasDuplicateObjects: false }))
    io.stdout.write([heading(options), ...documents].join('---\n'))
    return EXIT.ok
  },
}

/** Undefined: help was asked for and printed. @throws {UsageError} */
function parseArguments(args: readonly string[], io: Io): Given | undefined {
  const program = new Commander('fathom rbac')
    .usage('--tier N [options]')
    .description(`${rbacCommand.summary}, as YAML`)
    .option('--tier <n>', `how far probing may go, 0 to ${TIERS.length - 1}; each tier has the rights of those below`)
    .option('--name <name>', 'name of the roles and bindings (default: fathom-tier-N)')
    .option('--dns-namespace <namespace>', "namespace of the cluster's DNS", 'kube-system')
    .option('-n, --namespace <namespace>', 'namespace of the pods that are asked about (tier 5)', 'default')
    .option('--user <name>', 'bind to this user')
    .option('--group <name>', 'bind to this group')
    .option('--serviceaccount <namespace:name>', 'bind to this ServiceAccount')
    .option('--verbose', 'stack traces of internal errors')
    .addHelpText('after', `\nTiers:\n${TIERS.map(({ number, decides }) => `  ${number}  ${decides}`).join('\n')}\n`)
  return parseCommandLine(program, args, { io }) ? program.opts<Given>() : undefined
}

/** @throws {UsageError} */
function readOptions(given: Given): RoleOptions {
  const { tier: text, dnsNamespace, namespace: applicationNamespace } = given
  if (text === undefined)
    throw new UsageError('missing-argument', `Missing --tier: give a number from 0 to ${TIERS.length - 1}`)
  const tier = TIERS.find(({ number }) => String(number) === text)?.number
  if (tier === undefined)
    throw new UsageError('bad-argument', `Cannot use --tier "${text}": it must be from 0 to ${TIERS.length - 1}`)
  const name = given.name ?? `fathom-tier-${tier}`
  checkName('--name', name)
  checkName('--dns-namespace', dnsNamespace)
  checkName('--namespace', applicationNamespace)
  return { tier, name, dnsNamespace, applicationNamespace, subject: readSubject(given) }
}

function readSubject({ user, group, serviceaccount }: Given): RbacSubject | undefined {
  const subjects: RbacSubject[] = []
  if (user !== undefined) subjects.push({ kind: 'User', name: user })
  if (group !== undefined) subjects.push({ kind: 'Group', name: group })
  if (serviceaccount !== undefined) {
    const [namespace = '', name = '', ...rest] = serviceaccount.split(':')
    if (namespace === '' || name === '' || rest.length > 0)
      throw new UsageError(
        'bad-argument',
        `Cannot use --serviceaccount "${serviceaccount}": it is written NAMESPACE:NAME`,
      )
    subjects.push({ kind: 'ServiceAccount', name, namespace })
  }
  if (subjects.length > 1)
    throw new UsageError(
      'bad-argument',
      'Cannot bind to several at once: give one of --user, --group, --serviceaccount',
    )
  const [subject] = subjects
  if (subject?.name === '') throw new UsageError('bad-argument', `Cannot bind to a ${subject.kind} without a name`)
  return subject
}

/** Names of roles and namespaces (RFC 1123 labels, with dots for roles). @throws {UsageError} */
function checkName(option: string, name: string): void {
  if (/^[a-z0-9]([-.a-z0-9]{0,251}[a-z0-9])?$/.test(name)) return
  throw new UsageError(
    'bad-argument',
    `Cannot use ${option} "${name}": a name has lower case letters, digits, "-" and "."`,
  )
}

function heading({ tier, name, dnsNamespace, applicationNamespace, subject }: RoleOptions): string {
  const lines = TIERS.filter(({ number }) => number <= tier).map(({ number, decides }) => `tier ${number}: ${decides}`)
  const apply = `fathom rbac --tier ${tier} … | kubectl apply -f -`
  const roles = [
    `kubectl create clusterrolebinding ${name} --clusterrole=${name} --user=NAME`,
    `kubectl create rolebinding ${name} -n ${dnsNamespace} --role=${name} --user=NAME`,
    ...(tier >= 5 && applicationNamespace !== dnsNamespace
      ? [`kubectl create rolebinding ${name} -n ${applicationNamespace} --role=${name} --user=NAME`]
      : []),
  ]
  const binding =
    subject === undefined
      ? [
          '',
          'Bind it, or give --user, --group or --serviceaccount to have the bindings printed too:',
          ...roles.map((line) => `  ${line}`),
        ]
      : []
  const all = [
    `What Fathom may do in the cluster at tier ${tier}. It changes no object${tier >= 5 ? ', but for containers that are added to pods' : ''}.`,
    ...lines.map((line) => `  ${line}`),
    '',
    `Apply with: ${apply}`,
    ...binding,
  ]
  return all.map((line) => `${`# ${line}`.trimEnd()}\n`).join('')
}
