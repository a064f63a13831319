// Lets the plugins read their own options, so that lint knows every option that the server knows, and in its words.
import { describeError } from '../../base/index.ts'
import {
  CorefileError,
  DIRECTIVE_ORDER,
  SERVED_DIRECTIVES,
  createDispenser,
  findingAt,
  parseKeys,
  withoutPlace,
} from '../../corefile/index.ts'
import type { Directive, Finding, ServerBlock, Token } from '../../corefile/index.ts'
import { PLUGINS } from '../../plugins/index.ts'
import { systemFiles } from '../../server/index.ts'
import type { BlockInfo, Files, Logger, Plugin, SetupContext } from '../../server/index.ts'

const SILENT: Logger = { debug: () => {}, info: () => {}, warning: () => {}, error: () => {} }

/** Parses every directive of every block and collects what their plugins refuse. */
export async function validateBlocks(
  blocks: readonly ServerBlock[],
  environment: SetupContext['environment'],
): Promise<readonly Finding[]> {
  const findings: Finding[] = []
  for (const block of blocks) {
    const info = describeBlock(block)
    for (const directive of inPluginOrder(block.directives)) {
      const plugin = await PLUGINS[directive.name]?.()
      const hasPlaceholder = directive.tokens.some(({ text }) => /__PILLAR__|\{[$%]/.test(text))
      if (plugin !== undefined && info !== undefined && !hasPlaceholder) {
        findings.push(...validate(plugin, directive, { block: info, environment }))
      }
    }
  }
  return findings
}

function inPluginOrder(directives: readonly Directive[]): Directive[] {
  const position = (name: string): number => DIRECTIVE_ORDER.indexOf(name)
  return directives.toSorted((left, right) => position(left.name) - position(right.name))
}

/** Undefined for keys that cannot be read: that is another finding. */
function describeBlock(block: ServerBlock): BlockInfo | undefined {
  try {
    const keys = parseKeys(block)
    const [first] = keys
    return {
      zones: keys.map(({ zone }) => zone),
      keys,
      transport: first?.transport ?? 'dns',
      port: first?.port ?? 53,
      addresses: [],
      servers: [],
      directives: block.directives.map(({ name }) => name),
      file: first?.at.file ?? '',
      line: first?.at.line ?? 1,
    }
  } catch {
    return undefined
  }
}

function validate(
  plugin: Plugin,
  directive: Directive,
  { block, environment }: Pick<SetupContext, 'block' | 'environment'>,
): Finding[] {
  const missing: string[] = []
  const context: SetupContext = {
    block,
    environment,
    root: '.',
    log: SILENT,
    files: recordMissing(missing),
    configure: () => {},
  }
  try {
    plugin.parse(createDispenser(directive), context)
    return []
  } catch (error) {
    const [head] = directive.tokens
    const at = error instanceof CorefileError ? error : head
    return at === undefined ? [] : [findingFor(at, error, { plugin: plugin.name, missing })]
  }
}

/** This machine's files; what is asked for in vain is written down. */
function recordMissing(missing: string[]): Files {
  return {
    ...systemFiles,
    readText(path) {
      if (systemFiles.stat(path) === undefined) missing.push(path)
      return systemFiles.readText(path)
    },
    stat(path) {
      const found = systemFiles.stat(path)
      if (found === undefined) missing.push(path)
      return found
    },
  }
}

function findingFor(
  at: Pick<Token, 'column' | 'file' | 'line' | 'text'>,
  error: unknown,
  { plugin, missing }: { readonly plugin: string; readonly missing: readonly string[] },
): Finding {
  const [file] = missing
  if (file !== undefined) {
    return findingAt(at, {
      code: 'file-not-here',
      severity: 'note',
      message: `${file} is not on this machine; the line was not checked`,
      advice: 'Make sure that the file is there where the server runs',
    })
  }
  const message = withoutPlace(describeError(error))
  if (plugin === 'bind' && message.includes('not a valid IP address or interface name')) {
    return findingAt(at, {
      code: 'interface-not-here',
      severity: 'warning',
      message: `plugin/bind: ${message}`,
      advice: 'An interface has to be there on every machine that runs the server; this one does not have it',
    })
  }
  return findingAt(at, {
    code: 'bad-option',
    severity: 'error',
    message: `plugin/${plugin}: ${message}`,
    advice: adviceFor(at.text, message),
  })
}

function adviceFor(text: string, message: string): string {
  if (text.endsWith(';')) return 'Semicolons separate nothing: put every option on a line of its own'
  if (message.includes('missing unit in duration')) return 'Give the number a unit, as in "30s" or "1h"'
  if (message.startsWith('unknown property') && SERVED_DIRECTIVES.has(text)) {
    return `"${text}" is a directive: the "}" that ends the block above is missing`
  }
  return 'Correct the line; the server will not start with it'
}
