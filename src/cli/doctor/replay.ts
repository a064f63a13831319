// A bundle judged again, without the cluster.
import { readFile } from 'node:fs/promises'
import { BaseError, PROGRAM_VERSION, describeError } from '../../base/index.ts'
import { BundleError, unpackBundle } from '../../doctor/bundle/index.ts'
import type { Bundle } from '../../doctor/bundle/index.ts'
import { judge } from '../../doctor/index.ts'
import { buildReport } from '../../doctor/report/index.ts'
import type { DoctorReport, Language } from '../../doctor/report/index.ts'
import type { Io } from '../command.ts'

/**
 * Gives the report of the run that a bundle holds.
 *
 * @throws {BundleError} the file cannot be read, or is not what `fathom collect` writes
 */
export async function replayBundle(file: string, language: Language, io: Io): Promise<DoctorReport> {
  try {
    const bundle = await unpackBundle(await readFile(file))
    const { fathom } = bundle.manifest
    if (fathom !== PROGRAM_VERSION) {
      io.stderr.write(`fathom: ${file} was collected by version ${fathom}; ${PROGRAM_VERSION} may judge it otherwise\n`)
    }
    return judgeAgain(bundle, language)
  } catch (error) {
    throw new BundleError('bad-bundle', `Cannot read ${file}: ${describeError(error)}`, { cause: error })
  }
}

function judgeAgain({ manifest, facts, ladder }: Bundle, language: Language): DoctorReport {
  const { name, pods: asked } = manifest.options
  try {
    const pods = asked.flatMap((one) =>
      facts.objects.pods.filter(({ meta }) => meta.namespace === one.namespace && meta.name === one.name),
    )
    return buildReport(judge({ facts, ladder, pods, ...(name === undefined ? {} : { name }) }), language)
  } catch (error) {
    if (error instanceof BaseError) throw error
    // Only the outermost shape was checked: somebody changed what lies deeper.
    throw new BundleError('bad-bundle', 'something in it is not as "fathom collect" writes it', { cause: error })
  }
}
