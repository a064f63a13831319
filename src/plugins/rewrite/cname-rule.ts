// cname [exact|prefix|suffix|substring|regex] FROM TO: the target of an alias in the answer.
import type { Message, ResourceRecord } from '../../dns/message.ts'
import { lowerCaseName, withQuestion, type Request } from '../../server/index.ts'
import { createRewriter, matchKind, validName } from './names.ts'
import { RuleError, type Applied, type RuleTools } from './rule.ts'

/** Reads the arguments of a `cname` rule. @throws {RuleError} */
export function createCnameRule(args: readonly string[], tools: RuleTools): (request: Request) => Applied | undefined {
  const [from, to] = args.slice(-2)
  if (args.length < 2 || args.length > 3 || from === undefined || to === undefined) {
    throw new RuleError(`wrong number (${args.length}) of arguments for a cname rule`)
  }
  const kind = args.length === 2 ? 'exact' : matchKind(args[0] ?? '')
  if (kind === undefined) throw new RuleError(`unknown cname rewrite type: ${args[0] ?? ''}`)
  const rewrite = createRewriter(kind, from.toLowerCase(), to)

  function follow(message: Message, request: Request): Message | Promise<Message> {
    const index = message.answer.findIndex((record) => newTarget(record) !== undefined)
    const alias = message.answer[index]
    const target = alias && newTarget(alias)
    if (alias === undefined || target === undefined) return message
    return followTo(target, { message, request, index, alias })
  }

  async function followTo(target: string, { message, request, index, alias }: Found): Promise<Message> {
    const outcome = await tools.lookup(withQuestion(request, { name: target }))
    if (outcome.kind !== 'answer') {
      tools.warn(`cname: looking up ${target} failed: ${outcome.kind === 'status' ? outcome.rcode : outcome.kind}`)
      return message
    }
    // What led to the alias stays; what it led to is replaced by what the new target leads to.
    const renamed: ResourceRecord = { ...alias, rdata: { type: 'CNAME', cname: target } }
    const answer = [...message.answer.slice(0, index), renamed, ...outcome.message.answer]
    return { ...message, answer, flags: { ...message.flags, tc: outcome.message.flags.tc } }
  }

  function newTarget({ rdata }: ResourceRecord): string | undefined {
    if (rdata.type !== 'CNAME') return undefined
    const target = rewrite(lowerCaseName(rdata.cname))
    return target === undefined ? undefined : validName(target)
  }

  return (request) => ({ request, changes: [{ message: (message) => follow(message, request) }] })
}

/** The alias whose target is another one now. */
interface Found {
  readonly message: Message
  readonly request: Request
  readonly index: number
  readonly alias: ResourceRecord
}
