// A program: one run of the doctor that keeps both its bundle and its reports, which no command of fathom does. For tests
// that hold a replay against the run that made the bundle.
//   node keep-run.js FOLDER OPTIONS-OF-COLLECT…
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { examineCluster } from '../../src/cli/doctor/examine.ts'
import { parseCollectArgs } from '../../src/cli/doctor/options.ts'
import { packBundle } from '../../src/doctor/bundle/index.ts'
import { LANGUAGES, REPORT_FORMATS, buildReport, renderReport } from '../../src/doctor/report/index.ts'

const [folder = '', ...args] = process.argv.slice(2)
const io = { stdin: process.stdin, stdout: process.stdout, stderr: process.stderr, env: process.env, color: false }
const options = parseCollectArgs(args, io)
if (options === undefined) throw new Error('help was asked for')
const { diagnosis, asked } = await examineCluster(options, io)
writeFileSync(join(folder, 'bundle.tar.gz'), await packBundle(diagnosis.facts, diagnosis.ladder, asked))
for (const language of LANGUAGES) {
  const report = buildReport(diagnosis, language)
  for (const format of REPORT_FORMATS) {
    writeFileSync(join(folder, `${language}.${format}`), renderReport(report, format, false))
  }
}
