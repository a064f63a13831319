// The streams of a command over SPDY: the client opens one for each, and says by a header what it is for.
import type { Json } from '../../../../kube/objects/index.ts'
import type { RemoteStreams } from './remote-command.ts'
import type { SpdyStream } from './spdy-session.ts'
import type { WantedStreams } from './web-socket-channels.ts'

/** Clients open all their streams at once, in milliseconds from the first byte. */
const OPENING_MS = 30_000

export interface SpdyCommand {
  /** Takes the next stream that the client opened. */
  take(stream: SpdyStream): void
  /** Resolves when every stream that was asked for is there; rejects when they do not come. */
  readonly ready: Promise<RemoteStreams>
}

/** Collects the streams of a command; `end` closes the connection. */
export function collectStreams(
  wanted: WantedStreams,
  { end, gone }: { readonly end: () => void; readonly gone: Promise<void> },
): SpdyCommand {
  const streams = new Map<string, SpdyStream>()
  const names = [
    'error',
    ...(wanted.stdin ? ['stdin'] : []),
    ...(wanted.stdout ? ['stdout'] : []),
    ...(wanted.stderr && !wanted.tty ? ['stderr'] : []),
    ...(wanted.tty ? ['resize'] : []),
  ]
  let complete: () => void = () => undefined
  const all = new Promise<void>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error('the client opened no streams')), OPENING_MS)
    complete = () => {
      clearTimeout(timer)
      resolve()
    }
    void gone.then(() => {
      clearTimeout(timer)
      reject(new Error('the client left'))
    })
  })
  const ready = all.then((): RemoteStreams => {
    let isFinished = false
    const error = streams.get('error')
    return {
      stdin: streams.get('stdin'),
      stdout: streams.get('stdout'),
      stderr: streams.get('stderr'),
      resize: streams.get('resize'),
      finish(status: Json) {
        isFinished = true
        for (const name of ['stdout', 'stderr']) streams.get(name)?.end()
        // An empty error stream is success to clients before v4; its document is to those since.
        error?.end(JSON.stringify(status), () => setImmediate(end))
      },
      onGone(listener) {
        void gone.then(() => {
          if (!isFinished) listener()
        })
      },
    }
  })
  return {
    ready,
    take(stream) {
      streams.set(stream.headers.get('streamtype') ?? '', stream)
      if (names.every((name) => streams.has(name))) complete()
    },
  }
}
