// The gate that executes nothing of ours: format, lint, types, dead code, package shape.
import { spawnSync } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('..', import.meta.url))
const STEPS = [
  { title: 'format', command: 'oxfmt', args: ['--check', '.'] },
  { title: 'lint', command: 'oxlint', args: ['--deny-warnings'] },
  { title: 'types', command: 'tsc', args: ['-p', '.'] },
  { title: 'dead code', command: 'knip', args: ['--no-progress'] },
  { title: 'package', command: 'publint', args: ['--strict'] },
]
let failed = 0
for (const { title, command, args } of STEPS) {
  const startedAt = Date.now()
  const { status, stdout, stderr } = spawnSync(`node_modules/.bin/${command}`, args, { cwd: root, encoding: 'utf8' })
  const ok = status === 0
  process.stdout.write(
    `${ok ? 'ok    ' : 'FAILED'} ${title} (${command}, ${((Date.now() - startedAt) / 1000).toFixed(1)} s)\n`,
  )
  if (ok) continue
  failed += 1
  process.stdout.write(stdout + stderr)
}
process.exit(failed === 0 ? 0 : 1)
