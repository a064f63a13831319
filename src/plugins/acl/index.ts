import type { Plugin } from '../../server/index.ts'
import { createAclHandler } from './handler.ts'
import { parseAcl, type AclRule } from './setup.ts'

export const aclPlugin: Plugin<readonly AclRule[]> = {
  name: 'acl',
  parse: parseAcl,
  create: (rules, env) => ({ handler: createAclHandler(rules, env) }),
}
