// Answers the TXT questions of class CHAOS that tell servers apart (RFC 4892).
import type { CharacterString } from '../../dns/message.ts'
import { FIXED, respond, type Handler } from '../../server/index.ts'
import type { ChaosOptions } from './setup.ts'

export function createChaosHandler(options: ChaosOptions, randomId: () => number): Handler {
  return (request, next) => {
    if (request.class !== 'CH' || request.type !== 'TXT') return next(request)
    const texts = textsFor(request.name, options)
    if (texts === undefined) return next(request)
    const { name } = request.question
    return respond(request, {
      by: 'chaos',
      aa: false,
      // Several stand in another order every time.
      keep: texts.length > 1 ? undefined : () => ({ stamp: FIXED }),
      answer: shuffle(texts, randomId).map((text) => {
        return { name, type: 'TXT', class: 'CH', ttl: 0, rdata: { type: 'TXT', strings: [text] } }
      }),
    })
  }
}

function textsFor(name: string, { version, authors, hostName }: ChaosOptions): readonly CharacterString[] | undefined {
  switch (name) {
    case 'version.bind.':
    case 'version.server.':
      return [version]
    case 'hostname.bind.':
    case 'id.server.':
      return [hostName]
    case 'authors.bind.':
      return authors
    default:
      return undefined
  }
}

/** Fisher-Yates; the authors stand in another order every time. */
function shuffle<T>(items: readonly T[], randomId: () => number): T[] {
  const shuffled = [...items]
  for (let last = shuffled.length - 1; last > 0; last -= 1) {
    const [item] = shuffled.splice(randomId() % (last + 1), 1)
    if (item !== undefined) shuffled.push(item)
  }
  return shuffled
}
