// What a cluster's DNS server should have so that its changes, its roll-outs and its failures go unnoticed or get noticed.
import type { Token } from '../../ast.ts'
import { findingAt, occurrencesOf } from '../finding.ts'
import type { Finding, LintBlock, LintContext, Rule, Statement } from '../finding.ts'

/** Plugins that a server with `kubernetes` should have somewhere. */
export const missingPlugins: Rule = ({ blocks }) => {
  const at = blocks.find(({ directives }) => directives.has('kubernetes'))?.at
  if (at === undefined) return []
  const has = (directive: string): boolean => blocks.some(({ directives }) => directives.has(directive))
  return EXPECTED.filter(({ directive }) => !has(directive)).map(({ statement }) => findingAt(at, statement))
}

const EXPECTED: readonly { readonly directive: string; readonly statement: Statement }[] = [
  {
    directive: 'reload',
    statement: {
      code: 'no-reload',
      severity: 'warning',
      message: 'Without "reload" a change of the ConfigMap takes effect only when the Pods are restarted',
      advice: 'Add "reload" to one block',
    },
  },
  {
    directive: 'ready',
    statement: {
      code: 'no-ready',
      severity: 'warning',
      message: 'Without "ready" a Pod gets queries before it knows the Services, and answers SERVFAIL or NXDOMAIN',
      advice: 'Add "ready" to the block with kubernetes and a readinessProbe for port 8181, path /ready',
    },
  },
  {
    directive: 'health',
    statement: {
      code: 'no-health',
      severity: 'warning',
      message: 'Without "health" nothing notices a server that hangs, and roll-outs lose queries',
      advice: 'Add "health" with "lameduck 5s" in its block, and a livenessProbe for port 8080, path /health',
    },
  },
  {
    directive: 'errors',
    statement: {
      code: 'no-errors',
      severity: 'note',
      message: 'Without "errors" the reason of a SERVFAIL is written nowhere',
      advice: 'Add "errors" to every block',
    },
  },
]

/** `health` without `lameduck` drops the queries that come while endpoints still point at the Pod. */
export const missingLameduck: Rule = ({ blocks }) => {
  if (!blocks.some(({ directives }) => directives.has('kubernetes'))) return []
  return blocks.flatMap((block) =>
    occurrencesOf(block, 'health')
      .filter(({ options }) => !options.some(({ name }) => name.text === 'lameduck'))
      .map(({ head }) =>
        findingAt(head, {
          code: 'no-lameduck',
          severity: 'warning',
          message: 'Without "lameduck" a Pod that ends stops answering while kube-proxy still sends it queries',
          advice: 'Write "health { lameduck 5s }" over three lines, and a terminationGracePeriodSeconds that is longer',
        }),
      ),
  )
}

/** Two `health` on one address: the second cannot listen. */
export const healthAddressTwice: Rule = ({ blocks }) => {
  const seen = new Map<string, Token>()
  return blocks.flatMap((block) =>
    occurrencesOf(block, 'health').flatMap(({ head, args: [address] }): Finding[] => {
      const text = address?.text ?? ':8080'
      const first = seen.get(text)
      if (first === undefined) {
        seen.set(text, head)
        return []
      }
      return [
        findingAt(address ?? head, {
          code: 'health-address-twice',
          severity: 'error',
          message: `Another "health" listens on ${text} already: the server will not start`,
          advice: 'Keep one of them: it speaks for the whole process',
          other: first,
        }),
      ]
    }),
  )
}

/** Without knowing the Pods, autopath has no namespace to search in and does nothing. */
export const autopathWithoutPods: Rule = ({ blocks }: LintContext) =>
  blocks.flatMap((block) =>
    occurrencesOf(block, 'autopath')
      .filter(({ args }) => args.at(-1)?.text === '@kubernetes' && !verifiesPods(block))
      .map(({ head }) =>
        findingAt(head, {
          code: 'autopath-without-pods',
          severity: 'warning',
          message:
            '"autopath @kubernetes" needs to know every Pod by its address and does nothing without "pods verified"',
          advice:
            'Write "pods verified" in the block of kubernetes (it costs memory for every Pod), or remove autopath',
        }),
      ),
  )

function verifiesPods(block: LintBlock): boolean {
  return occurrencesOf(block, 'kubernetes').some(({ options }) =>
    options.some(({ name, args: [mode] }) => name.text === 'pods' && mode?.text === 'verified'),
  )
}

/** What somebody was to put in and did not: each name once, where it stands first. */
export const placeholders: Rule = ({ blocks }) => {
  const seen = new Set<string>()
  return blocks.flatMap(({ block }) =>
    [...block.keys, ...block.directives.flatMap(({ tokens }) => tokens)].flatMap((at): Finding[] => {
      const name = /__PILLAR__[A-Z_]+|\{[$%][^}]+\}/.exec(at.text)?.[0]
      if (name === undefined || seen.has(name)) return []
      seen.add(name)
      return [findingAt(at, placeholderStatement(name))]
    }),
  )
}

function placeholderStatement(name: string): Statement {
  const isPillar = name.startsWith('__PILLAR__')
  return {
    code: isPillar ? 'placeholder' : 'unset-variable',
    severity: 'note',
    message: isPillar
      ? `"${name}" is put in by node-cache or by sed before a server reads this: lines with it were not checked`
      : `The environment variable in "${name}" is not set here: lines with it were not checked`,
    advice: isPillar
      ? 'Make sure that nothing of it is left in the file that the server reads'
      : 'Make sure that it is set where the server runs: without a value it counts as empty',
  }
}
