// The real resolvers as commands: what is installed is used, what has to be built is built into the test's own folder.
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import type { LookupOutcome } from '../../src/route/index.ts'
import { NODE_LOOKUP, NODE_RESOLVE } from './resolvers-agent.ts'
import type { ProgramName } from './resolvers-cases.ts'

export interface Program {
  /** The command; undefined when it cannot be had. */
  readonly command?: (name: string) => readonly string[]
  /** Why it cannot. */
  readonly missing?: string
  /** Outcomes that its output allows. */
  readonly read: (output: string) => readonly LookupOutcome['kind'][]
}

const C_SOURCE = `#include <stdio.h>
#include <netdb.h>
#include <arpa/inet.h>
int main(int argc, char **argv) {
  struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *at;
  int error = argc > 1 ? getaddrinfo(argv[1], 0, &hints, &at) : EAI_FAIL;
  if (error) return printf("error %d\\n", error), 1;
  for (char text[64]; at; at = at->ai_next)
    puts(inet_ntop(at->ai_family, at->ai_family == AF_INET
      ? (void *)&((struct sockaddr_in *)at->ai_addr)->sin_addr
      : (void *)&((struct sockaddr_in6 *)at->ai_addr)->sin6_addr, text, sizeof text));
  return 0;
}
`

const GO_SOURCE = `package main

import (
	"fmt"
	"net"
	"os"
)

func main() {
	addresses, err := net.LookupIP(os.Args[1])
	fmt.Println(addresses, err)
}
`

/** Finds or builds all programs. `FATHOM_MUSL_GCC` names the compiler wrapper of a musl since 1.2.4, which Debian 12 lacks. */
export function findPrograms(folder: string): Readonly<Record<ProgramName, Program>> {
  return {
    glibc:
      onPath('getent') === undefined
        ? absent('getent')
        : program(
            (name) => ['getent', 'ahosts', name],
            () => NOT_FOUND,
          ),
    'musl-1.2.3': withMusl(folder, { compiler: onPath('musl-gcc'), wanted: 'musl-gcc (Debian package musl-tools)' }),
    musl: withMusl(folder, {
      compiler: process.env['FATHOM_MUSL_GCC'],
      wanted: 'FATHOM_MUSL_GCC, a musl-gcc of 1.2.4 or newer',
    }),
    go: withGo(folder),
    node: program((name) => [NODE_LOOKUP, name], readNodeCode),
    'c-ares': program((name) => [NODE_RESOLVE, name], readNodeCode),
    busybox:
      onPath('busybox') === undefined
        ? absent('busybox')
        : program(
            (name) => ['busybox', 'nslookup', name],
            () => NOT_FOUND,
          ),
    'systemd-resolved':
      SYSTEMD_RESOLVED === undefined ? absent(RESOLVED_WANTED) : program((name) => [NODE_LOOKUP, name], readNodeCode),
  }
}

const RESOLVED_WANTED = 'systemd-resolved (the tests start a private one; FATHOM_SYSTEMD_RESOLVED names the program)'

/** The program, which is started without touching the machine's; `npm run setup` unpacks the package for it. */
export const SYSTEMD_RESOLVED: string | undefined = [
  process.env['FATHOM_SYSTEMD_RESOLVED'],
  resolve(import.meta.dirname, '../../.setup/systemd-resolved/lib/systemd/systemd-resolved'),
  '/lib/systemd/systemd-resolved',
].find((path) => path !== undefined && existsSync(path))

const NOT_FOUND: readonly LookupOutcome['kind'][] = ['again', 'bad-name', 'failed', 'no-data', 'not-found']

function program(command: (name: string) => readonly string[], read: Program['read']): Program {
  return {
    command,
    read: (output) => (/192\.0\.2\.1\b|2001:db8::1\b|127\.0\.0\.1(?![\d:])/.test(output) ? ['found'] : read(output)),
  }
}

function absent(what: string): Program {
  return { missing: `${what} is not installed`, read: () => [] }
}

function onPath(name: string): string | undefined {
  const folders = (process.env['PATH'] ?? '').split(':')
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path))
}

function withMusl(
  folder: string,
  { compiler, wanted }: { readonly compiler: string | undefined; readonly wanted: string },
): Program {
  if (compiler === undefined) return absent(wanted)
  const source = join(folder, 'lookup.c')
  const out = join(folder, `lookup-${compiler.replaceAll('/', '-')}`)
  writeFileSync(source, C_SOURCE)
  const why = build(compiler, ['-static', '-o', out, source])
  return why === undefined ? program((name) => [out, name], readMuslCode) : { missing: why, read: () => [] }
}

function withGo(folder: string): Program {
  if (onPath('go') === undefined) return absent('go')
  const source = join(folder, 'main.go')
  const out = join(folder, 'lookup-go')
  writeFileSync(source, GO_SOURCE)
  const why = build('go', ['build', '-o', out, source], {
    CGO_ENABLED: '0',
    GO111MODULE: 'off',
  })
  return why === undefined ? program((name) => [out, name], readGoError) : { missing: why, read: () => [] }
}

function build(
  compiler: string,
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): string | undefined {
  try {
    execFileSync(compiler, args, { stdio: 'pipe', env: { ...process.env, ...env } })
    return undefined
  } catch (error) {
    return `${compiler} failed: ${error instanceof Error ? error.message : String(error)}`
  }
}

// --- What they print ---

/** EAI_NONAME, EAI_AGAIN, EAI_FAIL, EAI_NODATA (netdb.h). */
function readMuslCode(output: string): readonly LookupOutcome['kind'][] {
  const code = /error (-\d+)/.exec(output)?.[1] ?? ''
  const kinds: Readonly<Record<string, readonly LookupOutcome['kind'][]>> = {
    // 1.2.3 knows no EAI_NODATA.
    '-2': ['not-found', 'no-data', 'bad-name'],
    '-3': ['again'],
    '-4': ['failed'],
    '-5': ['no-data'],
  }
  return kinds[code] ?? []
}

function readGoError(output: string): readonly LookupOutcome['kind'][] {
  if (output.includes('no such host')) return ['not-found', 'bad-name']
  return /i\/o timeout|connection refused|misbehaving|lame/.test(output) ? ['again', 'failed'] : []
}

function readNodeCode(output: string): readonly LookupOutcome['kind'][] {
  if (/ESERVFAIL|EAI_AGAIN|ETIMEOUT|ECONNREFUSED/.test(output)) return ['again']
  if (/EREFUSED|EAI_FAIL|ENOTIMP|EFORMERR/.test(output)) return ['failed']
  if (output.includes('ENODATA')) return ['no-data']
  return output.includes('ENOTFOUND') ? ['not-found', 'no-data'] : []
}
