// Carries a parsed template out.
import { describeError } from '../../../base/index.ts'
import { TemplateError } from './error.ts'
import { FUNCTION_NAMES, TEMPLATE_FUNCTIONS } from './functions.ts'
import type { Command, Node, Operand, ParsedTemplate, Pipeline } from './nodes.ts'
import { parseTemplate } from './parser.ts'
import { isTrue, printValue, type TemplateValue } from './values.ts'

/** A template ready to be carried out. */
export interface CompiledTemplate {
  readonly source: string
  /** Gives the text for these values. @throws {TemplateError} `execute` */
  execute(values: TemplateValue): string
}

/** Compiles a template of Go's text/template language. @throws {TemplateError} `parse` */
export function compileTemplate(source: string): CompiledTemplate {
  const template = parseTemplate(source, FUNCTION_NAMES)
  return {
    source,
    execute(values) {
      const run: Run = { template, output: '', variables: [{ name: '$', value: values }], steps: 0, depth: 0 }
      runNodes(run, template.nodes, values)
      return run.output
    },
  }
}

interface Run {
  readonly template: ParsedTemplate
  output: string
  /** The innermost last. */
  readonly variables: { readonly name: string; value: TemplateValue }[]
  steps: number
  depth: number
}

/** Templates come from the Corefile, their values from the network: loops over what a query holds must end soon. */
const MAX_STEPS = 100_000
const MAX_OUTPUT = 65_536
const MAX_DEPTH = 100

type Flow = 'break' | 'continue' | 'next'

function runNodes(run: Run, nodes: readonly Node[], dot: TemplateValue): Flow {
  for (const node of nodes) {
    run.steps += 1
    if (run.steps > MAX_STEPS) throw new TemplateError('execute', `template took more than ${MAX_STEPS} steps`)
    if (run.output.length > MAX_OUTPUT)
      throw new TemplateError('execute', `template wrote over ${MAX_OUTPUT} characters`)
    const flow = runNode(run, node, dot)
    if (flow !== 'next') return flow
  }
  return 'next'
}

function runNode(run: Run, node: Node, dot: TemplateValue): Flow {
  switch (node.kind) {
    case 'text':
      run.output += node.text
      return 'next'
    case 'action': {
      const value = evaluatePipeline(run, node.pipeline, dot)
      if (node.pipeline.variables.length === 0) run.output += printValue(value)
      return 'next'
    }
    case 'break':
    case 'continue':
      return node.kind
    case 'if':
    case 'with':
      return scoped(run, () => {
        const value = evaluatePipeline(run, node.pipeline, dot)
        if (!isTrue(value)) return runNodes(run, node.otherwise, dot)
        return runNodes(run, node.body, node.kind === 'with' ? value : dot)
      })
    case 'range':
      return scoped(run, () => runRange(run, node, dot))
    case 'template':
      return runDefined(run, node, dot)
  }
}

function runRange(run: Run, node: Node & { readonly kind: 'range' }, dot: TemplateValue): Flow {
  const { pipeline, body, otherwise } = node
  const value = evaluateCommands(run, pipeline, dot)
  const items = itemsOf(value)
  if (items.length === 0) return runNodes(run, otherwise, dot)
  for (const [key, item] of items) {
    const flow = scoped(run, () => {
      const bound = pipeline.variables.length === 2 ? [key, item] : [item]
      for (const [index, name] of pipeline.variables.entries())
        bind(run, { name, declares: pipeline.declares, value: bound[index] })
      return runNodes(run, body, item)
    })
    if (flow === 'break') break
  }
  return 'next'
}

function itemsOf(value: TemplateValue): readonly (readonly [TemplateValue, TemplateValue])[] {
  if (value === null || value === undefined) return []
  if (Array.isArray(value)) return [...(value as readonly TemplateValue[]).entries()]
  if (value instanceof Map)
    return [...(value as ReadonlyMap<string, TemplateValue>)].sort(([a], [b]) => (a < b ? -1 : 1))
  if (typeof value === 'number' && Number.isInteger(value)) {
    return Array.from({ length: Math.min(Math.max(value, 0), MAX_STEPS) }, (_, index) => [index, index] as const)
  }
  throw new TemplateError('execute', `range can't iterate over ${printValue(value)}`)
}

function runDefined(run: Run, node: Node & { readonly kind: 'template' }, dot: TemplateValue): Flow {
  const nodes = run.template.defined.get(node.name)
  if (nodes === undefined) throw new TemplateError('execute', `template "${node.name}" not defined`)
  if (run.depth >= MAX_DEPTH) throw new TemplateError('execute', `exceeded maximum template depth (${MAX_DEPTH})`)
  const value = node.pipeline === undefined ? undefined : evaluatePipeline(run, node.pipeline, dot)
  const outer = run.variables.splice(0, run.variables.length, { name: '$', value })
  run.depth += 1
  runNodes(run, nodes, value)
  run.depth -= 1
  run.variables.splice(0, run.variables.length, ...outer)
  return 'next'
}

function scoped(run: Run, body: () => Flow): Flow {
  const depth = run.variables.length
  const flow = body()
  run.variables.length = depth
  return flow
}

// --- Pipelines ---

function evaluatePipeline(run: Run, pipeline: Pipeline, dot: TemplateValue): TemplateValue {
  const value = evaluateCommands(run, pipeline, dot)
  for (const name of pipeline.variables) bind(run, { name, declares: pipeline.declares, value })
  return value
}

function bind(
  run: Run,
  to: { readonly name: string; readonly declares: boolean; readonly value: TemplateValue },
): void {
  const known = to.declares ? undefined : run.variables.findLast(({ name }) => name === to.name)
  if (known === undefined) run.variables.push({ name: to.name, value: to.value })
  else known.value = to.value
}

function evaluateCommands(run: Run, pipeline: Pipeline, dot: TemplateValue): TemplateValue {
  let piped: readonly TemplateValue[] = []
  for (const command of pipeline.commands) piped = [evaluateCommand(run, command, { dot, piped })]
  return piped[0]
}

interface CommandContext {
  readonly dot: TemplateValue
  /** The result of the command before, if there is one: the last argument. */
  readonly piped: readonly TemplateValue[]
}

function evaluateCommand(run: Run, command: Command, { dot, piped }: CommandContext): TemplateValue {
  const [first, ...rest] = command.operands
  if (first === undefined) return undefined
  if (first.kind === 'function') {
    if (first.name === 'and' || first.name === 'or') return evaluateLogic(run, first.name, { rest, dot, piped })
    const values = [...rest.map((operand) => evaluateOperand(run, operand, dot)), ...piped]
    return callFunction(first.name, values)
  }
  const value = evaluateOperand(run, first, dot, true)
  if (typeof value === 'function') {
    return value(...rest.map((operand) => evaluateOperand(run, operand, dot)), ...piped)
  }
  if (rest.length > 0 || piped.length > 0) {
    throw new TemplateError('execute', `can't give argument to non-function ${printValue(value)}`)
  }
  return value
}

/** `and` gives the first value that is not true, `or` the first that is; else the last. */
function evaluateLogic(
  run: Run,
  name: 'and' | 'or',
  { rest, dot, piped }: CommandContext & { readonly rest: readonly Operand[] },
): TemplateValue {
  if (rest.length + piped.length === 0)
    throw new TemplateError('execute', `wrong number of args for ${name}: want at least 1 got 0`)
  let value: TemplateValue
  for (const operand of rest) {
    value = evaluateOperand(run, operand, dot)
    if (isTrue(value) === (name === 'or')) return value
  }
  return piped.length > 0 ? piped[0] : value
}

function callFunction(name: string, values: readonly TemplateValue[]): TemplateValue {
  const method = TEMPLATE_FUNCTIONS[name]
  if (method === undefined) throw new TemplateError('execute', `function "${name}" not defined`)
  try {
    return method(...values)
  } catch (error) {
    if (error instanceof TemplateError) throw error
    throw new TemplateError('execute', `error calling ${name}: ${describeError(error)}`, { cause: error })
  }
}

/** A function value is called without arguments unless the caller brings some. */
function evaluateOperand(run: Run, operand: Operand, dot: TemplateValue, keepMethod = false): TemplateValue {
  const settle = (value: TemplateValue): TemplateValue => (typeof value === 'function' && !keepMethod ? value() : value)
  switch (operand.kind) {
    case 'literal':
      return operand.value
    case 'field':
      return settle(walk(dot, operand.path))
    case 'variable': {
      const known = run.variables.findLast(({ name }) => name === operand.name)
      return settle(walk(known?.value, operand.path))
    }
    case 'function':
      return callFunction(operand.name, [])
    case 'pipeline':
      return settle(walk(evaluatePipeline(run, operand.pipeline, dot), operand.path))
  }
}

/** Follows fields; a map gives nothing for a key that it does not have, a record of fields is an error. */
function walk(value: TemplateValue, path: readonly string[]): TemplateValue {
  let current = value
  for (const [index, field] of path.entries()) {
    if (typeof current === 'function') current = current()
    if (current instanceof Map) {
      current = (current as ReadonlyMap<string, TemplateValue>).get(field)
    } else if (typeof current === 'object' && current !== null && !Array.isArray(current)) {
      const fields = current as { readonly [field: string]: TemplateValue }
      if (!Object.hasOwn(fields, field)) {
        throw new TemplateError('execute', `can't evaluate field ${field} in <.${path.slice(0, index + 1).join('.')}>`)
      }
      current = fields[field]
    } else {
      throw new TemplateError('execute', `can't evaluate field ${field} of ${printValue(current)}`)
    }
  }
  return current
}
