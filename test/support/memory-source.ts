// For tests: files and environment variables that stand in a table.
import { posix } from 'node:path'
import type { CorefileSource } from '../../src/corefile/index.ts'

/** A source over `files` (path to text) and `environment`. */
export function memorySource(
  files: Readonly<Record<string, string>>,
  environment: Readonly<Record<string, string>> = {},
): CorefileSource {
  const paths = Object.keys(files)
  const isDirectory = (path: string): boolean =>
    path === '.' || path === '/' || paths.some((file) => file.startsWith(`${path}/`))
  return {
    readFile: (path) => {
      const text = files[path]
      if (text === undefined) throw new Error(`open ${path}: no such file or directory`)
      return text
    },
    list: (directory) => [
      ...new Set(
        paths
          .map((path) => posix.relative(directory, path))
          .filter((path) => path !== '' && path !== '..' && !path.startsWith('../'))
          .map((path) => path.split('/')[0] ?? ''),
      ),
    ],
    kind: (path) => (Object.hasOwn(files, path) ? 'file' : isDirectory(path) ? 'directory' : undefined),
    env: (name) => environment[name],
  }
}
