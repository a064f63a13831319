// What `fathom dig` says when it is asked how it is used, and the error for a command line that it cannot read.
import { BaseError } from '../../base/errors.ts'

/** What keeps dig from asking; `exitCode` is dig's for the case. */
export class DigError extends BaseError<'dig'> {
  readonly exitCode: number
  /** What would work instead, a line each. */
  readonly ways: readonly string[]

  constructor(message: string, exitCode = 1, ways: readonly string[] = []) {
    super('dig', message)
    this.exitCode = exitCode
    this.ways = ways
  }
}

/** The text of `fathom dig -h`. */
export const USAGE = `Usage: fathom dig [@SERVER] [NAME] [TYPE] [CLASS] [OPTIONS] [NAME [@SERVER] [OPTIONS] ...]

Asks DNS servers, with dig's syntax and dig's output. Options before the first NAME hold for every NAME,
options after a NAME for that one.

  @SERVER[#PORT]        ask this server (address or name); default: the nameservers of /etc/resolv.conf
  -x ADDRESS            the PTR record of an address; a part of an IPv4 address asks for its zone
  -q NAME, -t TYPE, -c CLASS
                        say which is which where NAME, TYPE and CLASS could be mistaken
  -p PORT               the server's port (53)
  -b ADDRESS[#PORT]     send from this address and port
  -4, -6                over IPv4 only, over IPv6 only
  -f FILE               one command line per line of FILE ("-": standard input)
  -r                    do not read ~/.digrc
  -u                    times in microseconds
  --in PLACE            ask from inside a pod of this node, with its own resolv.conf: POD, NAMESPACE/POD (or
                        --namespace NAMESPACE), node/NODE; with --lab[=NAME] a pod or node of a running lab
  --netns PATH|NAME     ask from inside a network namespace; --pid PID: from inside that of a process (both need root)
  --kubeconfig PATH, --context NAME, --as USER
                        a place of --in that is not on this machine: the cluster that has it
  --allow exec|ephemeral
                        what may be done in that cluster: run commands that read in containers that are there; add a
                        container to the pod and ask from it (--image IMAGE: with bash, dd, od, sed and timeout)
  -h, -v                this text; the version

Query:
  +[no]tcp +[no]vc      over TCP                       +[no]ignore     keep a truncated response
  +time=S +tries=N +retry=N                            +[no]fail       stop at SERVFAIL (default)
  +[no]recurse (rdflag) +[no]adflag +[no]cdflag        +[no]aaflag +[no]tcflag +[no]raflag +[no]zflag
  +[no]edns[=VERSION]   +bufsize[=SIZE]                +[no]ednsflags=BITS +[no]ednsnegotiation
  +[no]dnssec (do)      +[no]coflag                    +[no]ednsopt=CODE[:HEX]
  +[no]nsid             +[no]subnet=ADDRESS[/LENGTH]   +[no]cookie[=HEX] +[no]badcookie +[no]showbadcookie
  +[no]expire           +[no]keepalive                 +padding=BLOCK
  +[no]opcode=NAME      +qid=ID                        +[no]header-only
  +[no]search           +[no]showsearch +[no]defname   +domain=NAME +ndots=N

Output:
  +[no]short            +[no]all                       +[no]cmd +[no]comments +[no]stats +[no]qr
  +[no]question +[no]answer +[no]authority +[no]additional
  +[no]multiline        +[no]ttlid +[no]ttlunits       +[no]class +[no]crypto +[no]rrcomments
  +[no]split=WIDTH      +[no]unknownformat             +[no]expandaaaa +[no]onesoa
  +[no]identify         +[no]yaml                      +[no]besteffort

An option may be shortened as long as only one is meant. Exit codes: 0 a response came, 1 usage,
8 the file of -f cannot be read, 9 no response, 10 the query cannot be made
(the name is none, nothing can be asked from there).
`
