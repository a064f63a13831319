// One captured frame as readers hand it on. Hot path: one object is filled again for every frame and its octets are those
// of the chunk that was read, so whoever keeps something of a frame copies it.

/** A captured frame; valid only while the sink runs. */
export interface Frame {
  /** Counted from 1, over all interfaces. */
  number: number
  /** Microseconds since the Unix epoch; finer time is cut off. */
  atMicros: number
  octets: Uint8Array
  /** First octet of the frame in `octets`. */
  start: number
  /** First octet after what was captured of it. */
  end: number
  /** Octets it had on the wire; more than were captured when the snap length cut it. */
  wireBytes: number
  /** LINKTYPE_ number of the interface. */
  linkType: number
  /** Counted from 0 over all sections of the file. */
  interfaceIndex: number
  direction: FrameDirection
}

/** 0 unknown, 1 received, 2 sent: of pcapng's packet flags. */
export type FrameDirection = 0 | 1 | 2

export type FrameSink = (frame: Frame) => void

/** An empty frame to be filled. */
export function createFrame(): Frame {
  return {
    number: 0,
    atMicros: 0,
    octets: new Uint8Array(0),
    start: 0,
    end: 0,
    wireBytes: 0,
    linkType: 1,
    interfaceIndex: 0,
    direction: 0,
  }
}
