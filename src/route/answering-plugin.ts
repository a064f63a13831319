// Which plugins of a server block would have a say in a question, in the order of the chain. What a plugin knows only at
// run time (a zone file, a cache) is told as that.
import { compileGoRegexp } from '../base/regexp.ts'
import { DIRECTIVE_ORDER, type Directive, type ServerBlock, type Token } from '../corefile/index.ts'
import { isSubdomain, lowerName, parseAddress, parseName, type DomainName, type RRType } from '../dns/index.ts'
import { forwardTakes, readForwards, type ForwardRule } from './forward-rules.ts'
import { readKubernetesOptions, zonesOf, zonesOfBlock, type KubernetesOptions } from './kubernetes-options.ts'
import { remark, sayRemark, type Remark } from './remarks.ts'
import { optionsNamed, readStatements, type Statement } from './statements.ts'

export interface StepQuestion {
  readonly name: DomainName
  readonly type: RRType
}

/** One plugin's say. */
export interface PluginStep {
  readonly plugin: string
  /**
   * `answers`: the chain ends here. `answers-or-passes`: here when it has the name, else at the next step.
   * `renames`: later plugins see `name`.
   */
  readonly effect: 'answers' | 'answers-or-passes' | 'renames'
  /** Half a sentence for people, in English; `remark` says it in any language. */
  readonly text: string
  readonly remark: Remark
  /** Where the directive, or the line of it that decides, stands. */
  readonly at: Token
  /** The name as later plugins see it; with `renames`. */
  readonly name?: DomainName
  readonly forward?: ForwardRule
  readonly kubernetes?: KubernetesOptions
  /** Addresses of `hosts`' inline lines. */
  readonly addresses?: readonly string[]
}

export interface Answering {
  /** In the order of the chain; the last one answers for certain, or nobody does. */
  readonly steps: readonly PluginStep[]
  /** Whether the chain can end without an answer: SERVFAIL (CoreDNS: "no next plugin found"). */
  readonly mayRunOut: boolean
}

interface Context {
  readonly block: ServerBlock
  readonly name: DomainName
  readonly type: RRType
}

type Examine = (directive: Directive, context: Context) => readonly PluginStep[]

/** Walks a block's chain for a question of class IN. */
export function answeringPlugins(block: ServerBlock, question: StepQuestion): Answering {
  const steps: PluginStep[] = []
  let name = lowerName(question.name)
  const ordered = block.directives.toSorted((a, b) => rankOf(a) - rankOf(b))
  for (const directive of ordered) {
    const found = EXAMINERS[directive.name]?.(directive, { block, name, type: question.type }) ?? []
    steps.push(...found)
    name = found.at(-1)?.name ?? name
    if (found.at(-1)?.effect === 'answers') return { steps, mayRunOut: false }
  }
  return { steps, mayRunOut: true }
}

function rankOf({ name }: Directive): number {
  const rank = DIRECTIVE_ORDER.indexOf(name)
  return rank < 0 ? DIRECTIVE_ORDER.length : rank
}

/** Plugins that hold zones of their own which only the running server knows. */
const ZONE_HOLDERS = ['route53', 'azure', 'clouddns', 'file', 'auto', 'secondary', 'etcd', 'k8s_external']

const EXAMINERS: Readonly<Record<string, Examine>> = {
  any: (directive, { type }) => (type === 'ANY' ? [step(directive, 'answers', remark('any-hinfo'))] : []),
  rewrite: examineRewrites,
  template: examineTemplates,
  hosts: examineHosts,
  kubernetes: examineKubernetes,
  forward: examineForwards,
  grpc: examineForwards,
  erratic: (directive) => [step(directive, 'answers', remark('answers-all'))],
  whoami: (directive) => [step(directive, 'answers', remark('whoami'))],
  local: (directive, { name }) =>
    isSubdomain(name, 'localhost.') || isSubdomain(name, '127.in-addr.arpa.')
      ? [step(directive, 'answers', remark('local-names'))]
      : [],
  ...Object.fromEntries(ZONE_HOLDERS.map((plugin) => [plugin, examineZoneHolder])),
}

function step(
  directive: { readonly name: string; readonly tokens: readonly Token[] },
  effect: PluginStep['effect'],
  about: Remark,
): PluginStep {
  const at = directive.tokens[0]
  if (at === undefined) throw new TypeError(`directive ${directive.name} has no tokens`)
  return { plugin: directive.name, effect, ...says(about), at }
}

function says(about: Remark): Pick<PluginStep, 'remark' | 'text'> {
  return { text: sayRemark(about), remark: about }
}

// --- Answers from data ---

function examineKubernetes(directive: Directive, { block, name }: Context): PluginStep[] {
  const options = readKubernetesOptions(block)
  const zone = options?.schema.zones.find((each) => isSubdomain(name, each))
  if (options === undefined || zone === undefined) return []
  const falls = options.fallthrough?.some((each) => isSubdomain(name, each)) === true
  const about = remark(falls ? 'cluster-objects-falling' : 'cluster-objects', { zone })
  return [{ ...step(directive, falls ? 'answers-or-passes' : 'answers', about), kubernetes: options }]
}

function examineZoneHolder(directive: Directive, { block, name }: Context): PluginStep[] {
  const statement = readStatements(directive)[0]
  const named = zonesOf(statement?.args.filter((arg) => /^[\w*-]+(\.[\w*-]+)*\.?$/.test(arg)) ?? [])
  const zones = named.length > 0 ? named : zonesOfBlock(block)
  if (statement === undefined || !zones.some((zone) => isSubdomain(name, zone))) return []
  const falls = fallsThrough(statement, name)
  return [step(directive, falls ? 'answers-or-passes' : 'answers', remark('running-only'))]
}

function examineForwards(directive: Directive, { block, name }: Context): PluginStep[] {
  const rule = readForwards(block).find((each) => each.plugin === directive.name && forwardTakes(each, name))
  if (rule === undefined) return []
  const to = rule.to.join(' ')
  const about = rule.from === '.' ? remark('forwards-all', { to }) : remark('forwards', { from: rule.from, to })
  return [{ ...step(directive, 'answers', about), at: rule.at, forward: rule }]
}

function examineHosts(directive: Directive, { block, name, type }: Context): PluginStep[] {
  return readStatements(directive).flatMap((statement): PluginStep[] => {
    const [file, ...zoneArgs] = statement.args
    const zones = zoneArgs.length > 0 ? zonesOf(zoneArgs) : zonesOfBlock(block)
    if (!zones.some((zone) => isSubdomain(name, zone))) return []
    const inline = statement.options.filter((line) => parseAddress(line.name) !== undefined)
    const lines = inline.filter(({ args }) => args.some((host) => sameName(host, name)))
    const line = lines[0]
    const at = { ...step(directive, 'answers', remark('hosts-none')), at: line?.at ?? statement.at }
    if (line !== undefined) {
      const addresses = lines.map(({ name: address }) => address)
      const wanted = addresses.filter((address) => address.includes(':') === (type === 'AAAA'))
      return [{ ...at, ...says(remark('hosts-line', { addresses: addresses.join(', ') })), addresses: wanted }]
    }
    if (type === 'PTR' || fallsThrough(statement, name)) {
      return file === undefined && inline.length > 0
        ? []
        : [{ ...at, effect: 'answers-or-passes', ...says(remark('hosts-file', { file: file ?? '/etc/hosts' })) }]
    }
    return [at]
  })
}

// --- Patterns ---

function examineTemplates(directive: Directive, { block, name, type }: Context): PluginStep[] {
  const steps: PluginStep[] = []
  for (const statement of readStatements(directive)) {
    const [, wantedType = 'ANY', ...zoneArgs] = statement.args
    if (wantedType !== 'ANY' && wantedType.toUpperCase() !== type) continue
    const zones = zoneArgs.length > 0 ? zonesOf(zoneArgs) : zonesOfBlock(block)
    if (!zones.some((zone) => isSubdomain(name, zone))) continue
    const patterns = optionsNamed(statement, 'match').flatMap(({ args }) => args)
    const pattern = patterns.find((each) => matches(each, name))
    const at = { ...step(directive, 'answers', remark('template-none')), at: statement.at }
    if (patterns.length === 0 || pattern !== undefined) {
      const result = templateResult(statement)
      const about =
        pattern === undefined ? remark('template-every', { result }) : remark('template', { pattern, result })
      return [...steps, { ...at, ...says(about) }]
    }
    if (!fallsThrough(statement, name)) return [...steps, at]
  }
  return steps
}

function templateResult(statement: Statement): string {
  const rcode = optionsNamed(statement, 'rcode')[0]?.args[0]
  const answer = optionsNamed(statement, 'answer')[0]?.args.join(' ')
  return (
    [answer === undefined ? undefined : `answers ${answer}`, rcode === undefined ? undefined : `rcode ${rcode}`]
      .filter((part) => part !== undefined)
      .join(', ') || 'an empty answer'
  )
}

function examineRewrites(directive: Directive, { name }: Context): PluginStep[] {
  const steps: PluginStep[] = []
  let current = name
  for (const statement of readStatements(directive)) {
    const words = [...statement.args, ...statement.options.flatMap((option) => [option.name, ...option.args])]
    const mode = words[0] === 'continue' || words[0] === 'stop' ? words.shift() : 'stop'
    if (words.shift() !== 'name') continue
    const renamed = rename(words, current)
    if (renamed === undefined || renamed === current) continue
    steps.push({
      ...step(directive, 'renames', remark('renames', { from: current, to: renamed })),
      at: statement.at,
      name: renamed,
    })
    current = renamed
    if (mode === 'stop') break
  }
  return steps
}

const MATCHERS = ['exact', 'prefix', 'suffix', 'substring', 'regex']

/** `[exact|prefix|suffix|substring|regex] FROM TO`; two words alone are exact. */
function rename(words: readonly string[], name: DomainName): DomainName | undefined {
  const [first = '', second = '', third = ''] = words
  const isNamed = MATCHERS.includes(first)
  const [kind, from, to] = isNamed ? [first, second, third] : ['exact', first, second]
  switch (kind) {
    case 'exact':
      return absolute(from) === name ? absolute(to) : undefined
    case 'prefix':
      return name.startsWith(from.toLowerCase()) ? absolute(to + name.slice(from.length)) : undefined
    case 'suffix':
      return name.endsWith(absolute(from))
        ? absolute(name.slice(0, name.length - absolute(from).length) + to)
        : undefined
    case 'substring':
      return name.includes(from.toLowerCase()) ? absolute(name.replaceAll(from.toLowerCase(), to)) : undefined
    default: {
      const found = compiled(from)?.find(name)
      return found && absolute(to.replaceAll(/\{(\d+)\}/g, (_, index: string) => found.groups[Number(index)] ?? ''))
    }
  }
}

function matches(pattern: string, name: DomainName): boolean {
  return compiled(pattern)?.test(name) === true
}

/** A pattern that CoreDNS would refuse matches nothing. */
function compiled(pattern: string): ReturnType<typeof compileGoRegexp> | undefined {
  try {
    return compileGoRegexp(pattern)
  } catch {
    return undefined
  }
}

// --- Names ---

function fallsThrough(statement: Statement, name: DomainName): boolean {
  return optionsNamed(statement, 'fallthrough').some(
    ({ args }) => args.length === 0 || zonesOf(args).some((zone) => isSubdomain(name, zone)),
  )
}

function absolute(name: string): DomainName {
  const lower = name.toLowerCase()
  return lower.endsWith('.') ? lower : `${lower}.`
}

function sameName(host: string, name: DomainName): boolean {
  try {
    return lowerName(parseName(host)) === name
  } catch {
    return false
  }
}
