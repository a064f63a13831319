// Where a capture shows something.

/** A frame as evidence. */
export interface SeenAt {
  readonly frame: number
  readonly atMicros: number
}
