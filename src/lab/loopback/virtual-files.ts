// The files that one lab process sees instead of this machine's: a pod's mounts, or an upstream's folder.
import { readFileSync, readdirSync, statSync } from 'node:fs'
import { posix, resolve } from 'node:path'
import type { Files } from '../../server/index.ts'

/** Where a text comes from each time it is read; undefined when the file is not there (any more). */
export type TextSource = () => { readonly text: string; readonly mtimeMs: number } | undefined

/** A file system of given absolute paths and nothing else. */
export function virtualFiles(sources: ReadonlyMap<string, TextSource>): Files {
  const find = (path: string): ReturnType<TextSource> => sources.get(posix.resolve('/', path))?.()
  const namesIn = (directory: string): string[] => {
    const prefix = posix.resolve('/', directory).replace(/\/?$/, '/')
    const below = [...sources.keys()].filter((path) => path.startsWith(prefix))
    return [...new Set(below.map((path) => path.slice(prefix.length).split('/')[0] ?? ''))]
  }
  return {
    readText(path) {
      const found = find(path)
      if (found !== undefined) return found.text
      throw Object.assign(new Error(`ENOENT: no such file or directory, open '${path}'`), { code: 'ENOENT' })
    },
    stat(path) {
      const found = find(path)
      if (found !== undefined) {
        return { mtimeMs: found.mtimeMs, sizeBytes: Buffer.byteLength(found.text), isDirectory: false }
      }
      return namesIn(path).length > 0 ? { mtimeMs: 0, sizeBytes: 0, isDirectory: true } : undefined
    },
    list: namesIn,
  }
}

/** This machine's files, relative paths taken from `folder`. */
export function folderFiles(folder: string): Files {
  return {
    readText: (path) => readFileSync(resolve(folder, path), 'utf8'),
    stat(path) {
      const found = statSync(resolve(folder, path), { throwIfNoEntry: false })
      if (found === undefined) return undefined
      return { mtimeMs: found.mtimeMs, sizeBytes: found.size, isDirectory: found.isDirectory() }
    },
    list: (directory) => readdirSync(resolve(folder, directory)),
  }
}
