import type { Plugin } from '../../server/index.ts'
import { createAcl } from './handler.ts'
import { parseAcl, type AclRule } from './setup.ts'

export const aclPlugin: Plugin<readonly AclRule[]> = {
  name: 'acl',
  parse: parseAcl,
  create: (rules, env) => createAcl(rules, env),
}
