// The `root DIRECTORY` directive: where the relative paths of later directives start from.
import { resolve } from 'node:path'
import type { Dispenser } from '../../corefile/index.ts'
import type { SetupContext } from '../../server/index.ts'

/** @throws {CorefileError} without a directory */
export function parseRoot(dispenser: Dispenser, context: SetupContext): void {
  let path: string | undefined
  while (dispenser.next()) {
    if (!dispenser.nextArg()) throw dispenser.argError()
    path = dispenser.value()
    if (dispenser.nextArg()) throw dispenser.argError()
    dispenser.expectNoBlock()
  }
  if (path === undefined) return
  const root = resolve(context.root, path)
  if (context.files.stat(root) === undefined) context.log.warning(`Root path does not exist: ${path}`)
  context.configure({ root })
}
