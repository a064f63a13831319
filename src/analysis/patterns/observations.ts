// Patterns about the capture itself: never a fault of the network.
import { countOf, firstFrames } from './pattern.ts'
import type { Finder } from './pattern.ts'

/** One packet seen at several places. */
export const duplicateFrames: Finder = ({ analysis: { counts, copyFrames } }) =>
  counts.copies === 0
    ? []
    : [
        {
          code: 'duplicate-frames',
          kind: 'observation',
          count: counts.copies,
          subject: 'the capture',
          evidence: [
            {
              text: 'packets seen again on other interfaces, in tunnels or behind NAT; they are counted once',
              frames: firstFrames(copyFrames),
            },
          ],
        },
      ]

/** The file ends within a record, or a record cannot be. */
export const cutShort: Finder = ({ analysis, file }) =>
  file?.cutShort === undefined
    ? []
    : [
        {
          code: 'capture-cut-short',
          kind: 'observation',
          count: 1,
          subject: 'the capture',
          evidence: [{ text: file.cutShort, frames: firstFrames([analysis.frames]) }],
        },
      ]

/** The capturing program says so, or at least three responses have no query although the capture had begun two seconds before. */
export const lostPackets: Finder = ({ analysis: { counts, orphanFrames }, file }) => {
  const dropped = file?.droppedFrames ?? 0
  if (dropped === 0 && counts.orphans < 3) return []
  const evidence = []
  if (dropped > 0)
    evidence.push({ text: `the capturing program says that it lost ${countOf(dropped, 'packet')}`, frames: [] })
  if (counts.orphans > 0)
    evidence.push({ text: `${countOf(counts.orphans, 'response')} without a query`, frames: firstFrames(orphanFrames) })
  return [
    {
      code: 'capture-lost-packets',
      kind: 'observation',
      count: dropped + counts.orphans,
      subject: 'the capture',
      evidence,
    },
  ]
}

/** Messages that the snap length cut. */
export const snapLengthCut: Finder = ({ analysis: { counts, cutFrames } }) =>
  counts.cut === 0
    ? []
    : [
        {
          code: 'snap-length-cut',
          kind: 'observation',
          count: counts.cut,
          subject: 'the capture',
          evidence: [
            {
              text: `${countOf(counts.cut, 'message')} cut by the snap length; their ends are unknown`,
              frames: firstFrames(cutFrames),
            },
          ],
        },
      ]
