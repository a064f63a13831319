export { TemplateError } from './error.ts'
export { compileTemplate } from './execute.ts'
export type { CompiledTemplate } from './execute.ts'
export type { TemplateMethod, TemplateValue } from './values.ts'
