// The rule that the words of a directive make.
import { createCnameRule } from './cname-rule.ts'
import { createEdns0Rule } from './edns0-rule.ts'
import { createClassRule, createRcodeRule, createTtlRule, createTypeRule } from './field-rules.ts'
import { createNameRule } from './name-rule.ts'
import { RuleError, type RewriteRule, type RuleTools } from './rule.ts'
import type { RuleText } from './setup.ts'

/** Makes a rule. @throws {RuleError} for wrong arguments */
export function createRule({ goesOn, field, args }: RuleText, tools: RuleTools): RewriteRule {
  return field === 'edns0' ? { goesOn, ...createEdns0Rule(args) } : { goesOn, apply: createApply(field, args, tools) }
}

function createApply(field: string, args: readonly string[], tools: RuleTools): RewriteRule['apply'] {
  switch (field) {
    case 'name':
      return createNameRule(args, tools)
    case 'type':
      return createTypeRule(args)
    case 'class':
      return createClassRule(args)
    case 'ttl':
      return createTtlRule(args)
    case 'rcode':
      return createRcodeRule(args)
    case 'cname':
      return createCnameRule(args, tools)
    case 'answer':
      throw new RuleError('response rewrites must begin with a name rule')
    default:
      throw new RuleError(`invalid rule type "${field}"`)
  }
}
