// What runs in the container that is added to a pod: a program that waits, and one that sends DNS messages octet by octet.
//
// Both need bash (its /dev/udp and /dev/tcp are connected sockets), and coreutils' or busybox's dd, env, od, printf, sed,
// sleep and timeout. Nothing resolves names there, and nothing is parsed: the response comes back as it came.
import type { Endpoint, Transport } from '../../../net/index.ts'

/** What an image must have, for people. */
export const IMAGE_NEEDS = 'bash, dd, od, sed and timeout'

/** Name of a script in the process list: what a lab's containers know it by. */
export const WAIT_NAME = 'fathom-wait'
export const ASK_NAME = 'fathom-ask'
/** Ends the list of questions: older API servers cannot tell the end of standard input. */
export const LAST_LINE = 'end'

/** Waits until a file is there, or for so many seconds: a container that was forgotten ends by itself. */
export function waitCommand(endFile: string, seconds: number): string[] {
  return ['bash', '-c', WAIT_SCRIPT, WAIT_NAME, endFile, String(seconds)]
}

const WAIT_SCRIPT = `n=0
until [ -e "$1" ] || [ "$n" -ge "$2" ]; do sleep 1; n=$((n + 1)); done
rm -f "$1"`

/** Reads questions from its standard input, asks all at once, and prints what came. */
export const ASK_COMMAND: readonly string[] = [
  'bash',
  '-c',
  // bash's own printf writes line by line, which would cut a datagram in two at each 0x0a: the program does not.
  `ask='
now() { t=$EPOCHREALTIME; [ -n "$t" ] || t=$(date +%s%6N); echo "at $t" >&2; }
query=$(printf %s "$4" | sed "s/../\\\\\\\\x&/g")
now
exec 3<>"/dev/$1/$2/$3" || { now; exit 1; }
env printf "$query" >&3
if [ "$1" = udp ]; then dd bs=65535 count=1 <&3; now
else
  set -- $(dd bs=1 count=2 <&3 | od -An -v -tu1)
  now
  [ $# -eq 2 ] || { echo "end of file" >&2; exit; }
  dd bs=1 count=$(($1 * 256 + $2)) <&3
fi | od -An -v -tx1'
i=0
while read -r transport address port seconds query && [ "$transport" != ${LAST_LINE} ]; do
  (
    out=$(timeout "$seconds" bash -c "$ask" ask "$transport" "$address" "$port" "$query" 2>&1)
    status=$?
    while read -r line; do echo "$i: $line"; done <<< "$out"
    echo "$i= $status"
  ) < /dev/null &
  i=$((i + 1))
done
wait`,
  ASK_NAME,
]

export interface Asked {
  readonly server: Endpoint
  readonly transport: Transport
  readonly timeoutMs: number
  /** The query without the length that TCP puts before it. */
  readonly octets: Uint8Array
}

/** The standard input of {@link ASK_COMMAND}. */
export function formatQuestions(questions: readonly Asked[]): string {
  const lines = questions.map(({ server, transport, timeoutMs, octets }) => {
    const length = transport === 'tcp' ? Buffer.of(octets.length >> 8, octets.length & 255) : Buffer.alloc(0)
    const query = Buffer.concat([length, octets]).toString('hex')
    // busybox's timeout takes whole seconds only.
    return `${transport} ${server.address} ${server.port} ${secondsOf(timeoutMs)} ${query}\n`
  })
  return `${lines.join('')}${LAST_LINE}\n`
}

/** Whole seconds that a question waits in the container. */
export function secondsOf(timeoutMs: number): number {
  return Math.max(1, Math.ceil(timeoutMs / 1000))
}

/** What became of one question: octets, or what the programs complained about, or silence. `ms` is since it was sent. */
export type Came =
  | { readonly kind: 'octets'; readonly octets: Uint8Array; readonly ms: number }
  | { readonly kind: 'error'; readonly detail: string; readonly ms: number }
  | { readonly kind: 'nothing' }

const HEX_LINE = /^[0-9a-f]{2}( [0-9a-f]{2})*$/
/** What dd says of its work, and our own time stamps. */
const NOISE = /records? (in|out)|bytes? .*copied|^\d+ bytes|^at \d/
const TIMED_OUT: ReadonlySet<number> = new Set([124, 137, 143])

/** Reads what {@link ASK_COMMAND} printed; undefined for questions that it does not speak of to their end. */
export function readAnswers(stdout: string, count: number): (Came | undefined)[] {
  const lines = new Map<number, string[]>()
  const statuses = new Map<number, number>()
  for (const line of stdout.split('\n')) {
    const [, index, mark, rest = ''] = /^(\d+)([:=]) ?(.*)$/.exec(line) ?? []
    if (index === undefined) continue
    const at = Number(index)
    const own = lines.get(at)
    if (mark === '=') statuses.set(at, Number(rest))
    else if (own === undefined) lines.set(at, [rest.trim()])
    else own.push(rest.trim())
  }
  return Array.from({ length: count }, (_, at) => {
    const status = statuses.get(at)
    return status === undefined ? undefined : readOne(lines.get(at) ?? [], status)
  })
}

function readOne(lines: readonly string[], status: number): Came {
  const times = lines.flatMap((line) => (line.startsWith('at ') ? [Number(line.replaceAll(/\D/g, ''))] : []))
  const ms = ((times[1] ?? 0) - (times[0] ?? 0)) / 1000
  const hex = lines.filter((line) => HEX_LINE.test(line)).join(' ')
  if (hex !== '') return { kind: 'octets', octets: Buffer.from(hex.replaceAll(' ', ''), 'hex'), ms }
  const complaint = lines.findLast((line) => line !== '' && !NOISE.test(line))
  if (complaint !== undefined && !TIMED_OUT.has(status)) return { kind: 'error', detail: complaint, ms }
  return { kind: 'nothing' }
}
