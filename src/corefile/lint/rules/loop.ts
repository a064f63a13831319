// Forwarding to oneself: the resolv.conf of a host that runs systemd-resolved names 127.0.0.53, and in a Pod that is the Pod.
import type { Token } from '../../ast.ts'
import { findingAt, occurrencesOf } from '../finding.ts'
import type { Finding, LintBlock, LintContext, Rule } from '../finding.ts'

/** Queries that come back to the block they were forwarded from. */
export const forwardingLoop: Rule = (context) =>
  context.blocks.flatMap((block) =>
    occurrencesOf(block, 'forward').flatMap(({ args: [, ...targets] }) =>
      targets.flatMap((target) => loopsOf(target, block, context)),
    ),
  )

function loopsOf(target: Token, block: LintBlock, { resolvConf }: LintContext): Finding[] {
  const isFile = target.text.includes('/') && !target.text.includes('://')
  const text = isFile ? resolvConf(target.text) : undefined
  if (isFile && text === undefined) return []
  const servers = text === undefined ? [target.text.replace(/^dns:\/\//, '')] : nameserversOf(text)
  const own = servers.find((server) => isOwn(server, block))
  if (own === undefined) return []
  const isStopped = block.directives.has('loop')
  const where = text === undefined ? '' : `, which ${target.text} names,`
  return [
    findingAt(target, {
      code: 'forwarding-loop',
      severity: 'error',
      message: isStopped
        ? `The nameserver ${own}${where} is this server itself: "loop" will end the process at its start`
        : `The nameserver ${own}${where} is this server itself: every query goes round until it times out`,
      advice: adviceFor(text),
    }),
  ]
}

function adviceFor(text: string | undefined): string {
  return text === undefined
    ? 'Forward to another server'
    : 'Point the kubelet\'s resolvConf at a file with the real nameservers (systemd-resolved: /run/systemd/resolve/resolv.conf) and delete the Pods, or name the nameservers in "forward"'
}

function nameserversOf(resolvConf: string): string[] {
  return [...resolvConf.matchAll(/^nameserver[ \t]+([^\s#;]+)/gm)].map((match) => match[1] ?? '')
}

/** Whether a target is an address and port that the block listens on: loopback where it listens everywhere, else its own. */
function isOwn(server: string, { zones, addresses }: LintBlock): boolean {
  const match = /^\[([^\]]+)\](?::(\d+))?$/.exec(server) ?? /^([^:]+)(?::(\d+))?$/.exec(server) ?? [server, server]
  const address = match[1] ?? server
  const port = Number(match[2] ?? 53)
  if (!zones.some((zone) => zone.transport === 'dns' && zone.port === port)) return false
  const isEverywhere = addresses.length === 0 || addresses.some((bound) => bound === '0.0.0.0' || bound === '::')
  return isEverywhere ? /^127\.|^::1$/.test(address) : addresses.includes(address)
}
