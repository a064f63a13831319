import { keepAskingReplicas } from '../support/ask.ts'
import { corefileOf, replaceText } from '../support/edit-fault.ts'
import type { Fault } from '../fault.ts'
import { ANSWERED, CONSOLE, NAME, dig } from '../look.ts'
import { restartCoreDns } from '../support/restarts.ts'

/** Each of them takes seconds: some are always on their way. In milliseconds. */
const ASK_EVERY_MS = 250
const LIMITED = 'forward . 1.2.4.8 {\n        max_concurrent 2\n'

export const forwardMaxConcurrentExceeded: Fault = {
  name: 'forward-max-concurrent-exceeded',
  summary:
    'CoreDNS may have two queries at 1.2.4.8, which never answers, and clients ask for external names all the time: REFUSED',
  shownBy: ['--name', 'www.example.com'],
  looks: [
    dig(CONSOLE, '@{coredns@node3} www.example.com', { broken: /status: REFUSED/, whole: ANSWERED }),
    dig(CONSOLE, `@{coredns@node3} ${NAME}`, { broken: ANSWERED, whole: ANSWERED }),
  ],
  async inject(stage) {
    const limited = replaceText(corefileOf('coredns'), {
      from: 'forward . /etc/resolv.conf {\n        max_concurrent 1000\n',
      to: LIMITED,
    })
    limited.make(stage)
    await restartCoreDns(stage)
    let count = 0
    const nextName = (): string => {
      count += 1
      return `x${count}.example.com.`
    }
    const stopAsking = keepAskingReplicas(stage, { nextName, everyMs: ASK_EVERY_MS })
    return async () => {
      stopAsking()
      limited.undo(stage)
      await restartCoreDns(stage)
    }
  },
  isThere: (stage) => corefileOf('coredns').read(stage)?.includes(LIMITED) === true,
}
