// Directives and options that are not what somebody thinks: unknown, removed, another program's.
import type { Token } from '../../ast.ts'
import { describeForeignDirective, originOf } from '../../directives.ts'
import { findingAt } from '../finding.ts'
import type { Finding, LintBlock, Rule, Severity, Statement } from '../finding.ts'
import { REMOVED_OPTIONS } from '../option-history.ts'

/** Names that no chain of this program has: each with the reason. */
export const foreignDirectives: Rule = ({ blocks }) =>
  blocks.flatMap(({ block }) =>
    block.directives.flatMap(({ name, tokens: [at] }) => {
      const statement = describe(name)
      return at === undefined || statement === undefined ? [] : [findingAt(at, statement)]
    }),
  )

function describe(name: string): Statement | undefined {
  const advice = describeForeignDirective(name) ?? ''
  const message = `Unknown directive '${name}'`
  const state = (code: string, severity: Severity, text = message): Statement => {
    return { code, severity, message: text, advice }
  }
  switch (originOf(name)) {
    case 'served':
      return undefined
    case 'removed':
      return state('removed-directive', 'error')
    case 'external':
      return state('external-directive', 'warning')
    case 'not-served':
      return state('not-served-directive', 'note', `'${name}' is a plugin that CoreDNS has and fathom serve has not`)
    case 'unknown':
      return state('unknown-directive', 'error')
  }
}

/** Options that went with a release of CoreDNS. */
export const removedOptions: Rule = ({ blocks }) =>
  blocks.flatMap((block) =>
    REMOVED_OPTIONS.flatMap(({ directive, option, removedIn, instead }) =>
      optionTokens(block, directive, option).map((at) =>
        findingAt(at, {
          code: 'removed-option',
          severity: 'error',
          message: `The option "${option}" of ${directive} is gone from CoreDNS since ${removedIn}: the server will not start`,
          advice: instead.startsWith('nothing: ')
            ? `Remove the line; nothing takes its place: ${instead.slice('nothing: '.length)}`
            : `Remove the line; instead of it use ${instead}`,
        }),
      ),
    ),
  )

function optionTokens({ directives }: LintBlock, directive: string, option: string): Token[] {
  return (directives.get(directive) ?? []).flatMap(({ options }) =>
    options.filter(({ name }) => name.text === option).map(({ name }) => name),
  )
}

/** `log stdout` was a destination before CoreDNS 1.0 and is a name to log today. */
export const logDestination: Rule = ({ blocks }) =>
  blocks.flatMap(({ directives }) =>
    (directives.get('log') ?? []).flatMap(({ args: [first] }): Finding[] =>
      first?.text === 'stdout' || first?.text === 'stderr'
        ? [
            findingAt(first, {
              code: 'log-destination',
              severity: 'warning',
              message: `"log ${first.text}" logs only queries for the name "${first.text}."`,
              advice: 'Write "log"; it always writes to standard output',
            }),
          ]
        : [],
    ),
  )

/** `cache { success 9984; denial 9984 }`: a brace that does not end its line swallows the rest of it. */
export const inlineBlocks: Rule = ({ blocks }) =>
  blocks.flatMap(({ directives }) =>
    [...directives.values()].flat().flatMap(({ head, options: [first] }): Finding[] =>
      first === undefined || first.name.row !== head.row
        ? []
        : [
            findingAt(first.name, {
              code: 'inline-block',
              severity: 'error',
              message: `Options of "${head.text}" stand on the line of the brace: the rest of the line, "}" included, is read as arguments of "${first.name.text}"`,
              advice: 'Put every option, and the closing brace, on a line of its own; semicolons separate nothing',
            }),
          ],
    ),
  )
