// What is wrong with a resolv.conf: of a node, as the kubelet reads it, or of a Pod.
import { findingAt } from '../../corefile/index.ts'
import type { Finding, Severity } from '../../corefile/index.ts'
import { parseAddress } from '../../dns/index.ts'
import { KUBELET_LIMITS, MAX_NAMESERVERS, MAX_NDOTS, RESOLVER_TRAITS } from '../../route/index.ts'

/** Longer lines are ignored by musl, whose buffer is 256 octets. */
const MUSL_LINE_OCTETS = RESOLVER_TRAITS.musl.maxLineOctets

interface Line {
  readonly number: number
  readonly keyword: string
  readonly words: readonly { readonly text: string; readonly column: number }[]
}

/** Lints a resolv.conf. */
export function lintResolvConf(text: string, file: string): Finding[] {
  const lines = readLines(text)
  const say = (line: Line, word: number, statement: Statement): Finding => {
    const { text: offending, column } = line.words[word] ?? { text: line.keyword, column: 1 }
    return findingAt({ file, line: line.number, column, text: offending }, statement)
  }
  return [...nameserverFindings(lines, say, file), ...searchFindings(lines, say), ...otherFindings(lines, say)].sort(
    (left, right) => left.line - right.line || left.column - right.column,
  )
}

interface Statement {
  readonly code: string
  readonly severity: Severity
  readonly message: string
  readonly advice: string
}

type Say = (line: Line, word: number, statement: Statement) => Finding

function readLines(text: string): Line[] {
  return text.split('\n').flatMap((raw, index): Line[] => {
    if (/^\s*(?:[#;]|$)/.test(raw)) return []
    const [keyword, ...words] = [...raw.matchAll(/\S+/g)].map((match) => ({ text: match[0], column: match.index + 1 }))
    return keyword === undefined ? [] : [{ number: index + 1, keyword: keyword.text, words }]
  })
}

function nameserverFindings(lines: readonly Line[], say: Say, file: string): Finding[] {
  const servers = lines.filter(({ keyword }) => keyword === 'nameserver')
  if (servers.length === 0) {
    return [
      findingAt(
        { file, line: 1, column: 1, text: '' },
        {
          code: 'no-nameserver',
          severity: 'warning',
          message: 'The file names no nameserver: resolvers ask 127.0.0.1 then',
          advice: 'Add a line "nameserver ADDRESS"',
        },
      ),
    ]
  }
  return servers.flatMap((line, index): Finding[] => {
    const address = line.words[0]?.text ?? ''
    if (parseAddress(address.split('%', 1)[0] ?? '') === undefined) {
      return [
        say(line, 0, {
          code: 'bad-nameserver',
          severity: 'error',
          message: `"${address}" is no IP address; the line is ignored`,
          advice: 'Write an IPv4 or IPv6 address',
        }),
      ]
    }
    if (index >= MAX_NAMESERVERS) {
      return [
        say(line, 0, {
          code: 'too-many-nameservers',
          severity: 'warning',
          message: `${address} is nameserver ${index + 1}: resolvers and the kubelet read the first ${MAX_NAMESERVERS} only`,
          advice: 'Keep three at most; the kubelet warns "Nameserver limits were exceeded" for every Pod otherwise',
        }),
      ]
    }
    if (!/^127\.|^::1$/.test(address)) return []
    return [
      say(line, 0, {
        code: 'loopback-nameserver-in-pod',
        severity: 'warning',
        message: `${address} is this machine: in a Pod that gets this file (dnsPolicy Default, CoreDNS) it is the Pod`,
        advice:
          "Point the kubelet's resolvConf at a file with the real nameservers, such as /run/systemd/resolve/resolv.conf",
      }),
    ]
  })
}

function searchFindings(lines: readonly Line[], say: Say): Finding[] {
  const searches = lines.filter(({ keyword }) => keyword === 'search' || keyword === 'domain')
  const last = searches.at(-1)
  if (last === undefined) return []
  const overridden = searches.slice(0, -1).map((line) =>
    say(line, 0, {
      code: 'search-overridden',
      severity: 'warning',
      message: `Line ${last.number} replaces this search list: only the last "search" or "domain" counts`,
      advice: 'Put all domains into one "search" line',
    }),
  )
  const count = last.words.length
  const characters = last.words.map(({ text }) => text).join(' ').length
  const { current, before126 } = KUBELET_LIMITS
  const isOver = count > current.domains || characters > current.characters
  const isOverOld = count > before126.domains || characters > before126.characters
  const ignored = ignoredByMusl(last, say)
  if (!isOver && !isOverOld) return [...overridden, ...ignored]
  return [
    ...overridden,
    ...ignored,
    say(last, 0, {
      code: 'search-list-too-long',
      severity: isOver ? 'warning' : 'note',
      message: `${count} search domains with ${characters} characters: ${
        isOver
          ? `the kubelet cuts the list at ${current.domains} and ${current.characters}`
          : `Kubernetes before 1.26 and old resolvers cut the list at ${before126.domains} and ${before126.characters}`
      }`,
      advice: 'Remove domains that nobody looks up by their first label; each costs a query for every outside name',
    }),
  ]
}

function ignoredByMusl(line: Line, say: Say): Finding[] {
  const octets = Buffer.byteLength([line.keyword, ...line.words.map(({ text }) => text)].join(' '))
  if (octets <= MUSL_LINE_OCTETS) return []
  return [
    say(line, 0, {
      code: 'search-line-ignored-by-musl',
      severity: 'warning',
      message: `The line has ${octets} octets: the resolver of musl (Alpine) ignores lines over ${MUSL_LINE_OCTETS} as a whole`,
      advice: 'Shorten the list; no short name resolves in an Alpine container with this file',
    }),
  ]
}

function otherFindings(lines: readonly Line[], say: Say): Finding[] {
  return lines.flatMap((line): Finding[] => {
    if (!['nameserver', 'search', 'domain', 'options', 'sortlist'].includes(line.keyword)) {
      return [
        say(line, -1, {
          code: 'unknown-keyword',
          severity: 'warning',
          message: `"${line.keyword}" means nothing in a resolv.conf; the line is ignored`,
          advice: 'The keywords are nameserver, search, domain, options and sortlist, at the start of a line',
        }),
      ]
    }
    if (line.keyword !== 'options') return []
    return line.words.flatMap(({ text }, word): Finding[] => {
      if (/^attempts:0+$/.test(text)) {
        return [
          say(line, word, {
            code: 'attempts-zero',
            severity: 'warning',
            message: `"${text}": programs with musl (Alpine) crash at their first lookup, those with glibc ask nobody`,
            advice: 'Give 1 or more; without it resolvers take 2',
          }),
        ]
      }
      const ndots = /^ndots:(\d+)$/.exec(text)?.[1]
      if (ndots === undefined || Number(ndots) <= MAX_NDOTS) return []
      return [
        say(line, word, {
          code: 'ndots-too-large',
          severity: 'note',
          message: `"${text}" counts as ndots:${MAX_NDOTS}`,
          advice: 'A cluster needs 5 at most',
        }),
      ]
    })
  })
}
