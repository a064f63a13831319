// The time of a capture as its messages tell it: it runs on, a straggler is behind, and where files were joined it jumps back.

/** A response may come this late, a resend too: three of glibc's time-outs and some. */
export const HORIZON_MICROS = 20e6
/** So many messages in a row that are older than the horizon are no stragglers: the capture's times jumped back. */
const JUMPED_BACK = 64

export class CaptureTime {
  /** Time of the last message, in microseconds. */
  nowMicros = 0
  /** How often it jumped back for good, as the times of files that were joined do. */
  jumpsBack = 0
  /** Messages in a row that are older than the horizon. */
  #behind = 0

  /** Takes the time of a message into account. `jumped`: what is open belongs to the time before; {@link jumpTo} is to follow. */
  advance(atMicros: number): 'behind' | 'jumped' | 'on' {
    if (atMicros > this.nowMicros) this.nowMicros = atMicros
    else if (atMicros < this.nowMicros - HORIZON_MICROS) {
      this.#behind += 1
      return this.#behind < JUMPED_BACK ? 'behind' : 'jumped'
    }
    this.#behind = 0
    return 'on'
  }

  jumpTo(atMicros: number): void {
    this.#behind = 0
    this.jumpsBack += 1
    this.nowMicros = atMicros
  }
}
