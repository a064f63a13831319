// `fathom collect`: what the doctor saw, as a file for people who cannot reach the cluster.
import { randomBytes } from 'node:crypto'
import { writeFile } from 'node:fs/promises'
import { UsageError, describeError } from '../base/index.ts'
import { packBundle, pseudonymize } from '../doctor/bundle/index.ts'
import { EXIT } from './command.ts'
import type { Command } from './command.ts'
import { examineCluster } from './doctor/examine.ts'
import { parseCollectArgs } from './doctor/options.ts'

/** It tells a cluster's addresses and names: for its owner alone. */
const FILE_MODE = 0o600
const KEY_OCTETS = 32

export const collectCommand: Command = {
  name: 'collect',
  summary: 'write what the doctor sees to a file, to be judged without the cluster',
  async run(args, io) {
    const options = parseCollectArgs(args, io)
    if (options === undefined) return EXIT.ok
    const { output } = options
    if (output === '-' && (io.stdout as Partial<NodeJS.WriteStream>).isTTY === true) {
      throw new UsageError('bad-argument', 'Cannot write a bundle to a terminal: redirect it, or give -o FILE')
    }
    const { diagnosis, asked } = await examineCluster(options, io)
    const seen = { facts: diagnosis.facts, ladder: diagnosis.ladder, options: asked }
    // The key is forgotten: with it one could try which names were there.
    const shown = options.pseudonymize ? pseudonymize(seen, randomBytes(KEY_OCTETS)) : seen
    const octets = await packBundle(shown.facts, shown.ladder, shown.options)
    if (output === '-') {
      io.stdout.write(octets)
      return EXIT.ok
    }
    try {
      await writeFile(output, octets, { mode: FILE_MODE })
    } catch (error) {
      throw new UsageError('bad-argument', `Cannot write ${output}: ${describeError(error)}`, { cause: error })
    }
    const { rungs } = diagnosis.ladder
    io.stderr.write(
      `${output}: ${Math.ceil(octets.length / 1000)} kB, ${rungs.length} probes, ` +
        `${rungs.filter(({ result }) => result === 'failed').length} failed; to read it: fathom doctor --bundle ${output}\n`,
    )
    return EXIT.ok
  },
}
