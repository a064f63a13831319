// The `rewrite` plugin.
import type { Plugin } from '../../server/index.ts'
import { createRewrite } from './handler.ts'
import { createRule } from './rules.ts'
import { parseRewrites, type RewriteOptions } from './setup.ts'

export const rewritePlugin: Plugin<RewriteOptions> = {
  name: 'rewrite',
  parse: (dispenser, context) =>
    parseRewrites(dispenser, context, (rule, { log }) => {
      const lookup = (): never => {
        throw new TypeError('no look-ups while options are parsed')
      }
      createRule(rule, { lookup, warn: (line) => log.warning(line) })
    }),
  create: createRewrite,
}
