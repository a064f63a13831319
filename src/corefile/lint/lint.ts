// Everything that can be said about a Corefile without running it. Rules are data; each knows one thing.
import type { ServerBlock } from '../ast.ts'
import { CorefileError } from '../errors.ts'
import { parseCorefile } from '../parser.ts'
import type { ParseOptions } from '../parser.ts'
import { findingAt } from './finding.ts'
import type { Finding, LintContext, Rule } from './finding.ts'
import { longClusterCache, zeroCapacity } from './rules/cache.ts'
import { foreignDirectives, inlineBlocks, logDestination, removedOptions } from './rules/directives.ts'
import { forwardingLoop } from './rules/loop.ts'
import {
  autopathWithoutPods,
  healthAddressTwice,
  missingLameduck,
  missingPlugins,
  placeholders,
} from './rules/operations.ts'
import { clearTextTls, duplicateZones, oddZones, unreachableForward } from './rules/zones.ts'
import { viewBlock } from './view.ts'

export interface LintOptions extends Pick<ParseOptions, 'file' | 'source'> {
  /** Reads the options of every directive, as the server would, and says what is wrong with them. */
  readonly validate?: (blocks: readonly ServerBlock[]) => Promise<readonly Finding[]>
  /** The text of a resolv.conf that `forward` names; undefined where it is not known. Default: none is known. */
  readonly resolvConf?: LintContext['resolvConf']
}

const RULES: readonly Rule[] = [
  foreignDirectives,
  removedOptions,
  inlineBlocks,
  logDestination,
  duplicateZones,
  oddZones,
  clearTextTls,
  unreachableForward,
  forwardingLoop,
  zeroCapacity,
  longClusterCache,
  missingPlugins,
  missingLameduck,
  healthAddressTwice,
  autopathWithoutPods,
  placeholders,
]

/**
 * Lints one Corefile with its imports.
 *
 * A text that cannot be parsed gives one finding; in one that can, every rule has its say. The validator is not heard on
 * lines that a rule calls an error, since it would say the same in other words.
 *
 * @returns findings in the order of file, line and column
 */
export async function lintCorefile(text: string, options: LintOptions = {}): Promise<readonly Finding[]> {
  const { file, source, validate, resolvConf = () => undefined } = options
  try {
    const { blocks, warnings } = parseCorefile(text, {
      ...(file === undefined ? {} : { file }),
      ...(source === undefined ? {} : { source }),
      accepts: () => true,
    })
    const views = blocks.flatMap((block) => viewBlock(block) ?? [])
    const context: LintContext = { blocks: views.map(({ view }) => view), resolvConf }
    const found = [
      ...warnings.map((warning) => findingAt(warning, warningStatement(warning.message))),
      ...views.flatMap(({ errors }) => errors.map(errorFinding)),
      ...RULES.flatMap((rule) => rule(context)),
    ]
    const validated = (await validate?.(blocks)) ?? []
    const wrong = new Set(found.filter(({ severity }) => severity === 'error').map(lineOf))
    return [...found, ...validated.filter((finding) => !wrong.has(lineOf(finding)))].sort(byPlace)
  } catch (error) {
    if (error instanceof CorefileError) return [errorFinding(error)]
    throw error
  }
}

/** The message without `FILE:LINE - Error during parsing: `, which a finding says itself. */
export function withoutPlace(message: string): string {
  return message.replace(/[^ ]*:\d+ - (?:Error during parsing|Syntax error): /, '')
}

function errorFinding(error: CorefileError): Finding {
  return findingAt(error, {
    code: error.code,
    severity: 'error',
    message: withoutPlace(error.message),
    advice: error.hint ?? 'Correct the line; the server will not start with it',
  })
}

function warningStatement(message: string): Parameters<typeof findingAt>[1] {
  return message.startsWith('No files matching')
    ? {
        code: 'empty-import',
        severity: 'note',
        message,
        advice: 'Nothing is imported here; that is fine where the files are optional',
      }
    : { code: 'suspicious-text', severity: 'warning', message, advice: 'Look at the text from here on' }
}

function lineOf({ file, line }: Finding): string {
  return `${file}:${line}`
}

function byPlace(left: Finding, right: Finding): number {
  if (left.file !== right.file) return left.file < right.file ? -1 : 1
  return left.line - right.line || left.column - right.column
}
