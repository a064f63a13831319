// A place to run programs in: a network namespace, and a view of the file system in which some files are the place's own. The view
// is made anew for each program, by a script: whoever has the script's path can enter the place with a shell alone.
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { etcFolder } from '../journal.ts'

export interface PlaceOptions {
  /** Where its files and its script are kept. */
  readonly folder: string
  readonly namespace: string
  readonly hostname: string
  /** Shown as whole directories, so that files in them can come, change and go. */
  readonly directories: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** Whether `ip netns exec` without more shows its resolv.conf and hosts: true for one place of each namespace. */
  readonly ownsNamespace: boolean
}

/** What `ip netns exec` shows by itself. */
const SHOWN_BY_IP = ['/etc/resolv.conf', '/etc/hosts']
const PATH = '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin'

export class Place {
  readonly #options: PlaceOptions
  readonly #files = new Map<string, string>()
  #scriptWritten = ''

  constructor(options: PlaceOptions) {
    this.#options = options
    mkdirSync(join(options.folder, 'root'), { recursive: true })
    for (const directory of options.directories) mkdirSync(this.#source(directory), { recursive: true })
  }

  get namespace(): string {
    return this.#options.namespace
  }

  /** The directory below which its own files lie, at the paths that they are shown at. */
  get root(): string {
    return join(this.#options.folder, 'files')
  }

  /** The paths of all its own files. */
  paths(): string[] {
    return [...this.#files.keys()]
  }

  /** What this place shows at a path of its own; undefined when it shows this machine's file. */
  read(path: string): string | undefined {
    return this.#files.get(normal(path))
  }

  /** What somebody else has written into one of its own files since; undefined where nobody did. */
  takeEdit(path: string): string | undefined {
    const target = normal(path)
    const source = this.#source(target)
    if (!this.#files.has(target) || !existsSync(source)) return undefined
    const text = readFileSync(source, 'utf8')
    if (text === this.#files.get(target)) return undefined
    this.write(target, text)
    return text
  }

  /** Gives the place a file, or another text for one; undefined takes it away. Programs that run see it at once. */
  write(path: string, text: string | undefined): void {
    const target = normal(path)
    if (this.#files.get(target) === text) return
    const source = this.#source(target)
    if (text === undefined) {
      this.#files.delete(target)
      rmSync(source, { force: true })
      if (this.#isShownByIp(target)) rmSync(this.#link(target), { force: true })
      return
    }
    this.#files.set(target, text)
    mkdirSync(dirname(source), { recursive: true })
    if (this.#isInDirectory(target)) {
      // Whole or not at all, as kubelet changes mounted files.
      replaceFile(source, text)
    } else writeFileSync(source, text)
    if (!this.#isShownByIp(target)) return
    // One file, whichever way somebody comes in: what is edited for `ip netns exec` is edited for the pod's own programs.
    const link = this.#link(target)
    mkdirSync(dirname(link), { recursive: true })
    rmSync(link, { force: true })
    symlinkSync(source, link)
  }

  /** The words before a command that run it in this place. */
  enter(): string[] {
    const script = join(this.#options.folder, 'enter.sh')
    const text = this.#script()
    if (text !== this.#scriptWritten) {
      // A shell reads its script bit by bit: one that runs keeps the file that it began with.
      replaceFile(script, text)
      this.#scriptWritten = text
    }
    return ['ip', 'netns', 'exec', this.#options.namespace, 'unshare', '--uts', '/bin/sh', script]
  }

  remove(): void {
    rmSync(this.#options.folder, { recursive: true, force: true })
  }

  #source(path: string): string {
    return join(this.root, normal(path))
  }

  #isShownByIp(path: string): boolean {
    return this.#options.ownsNamespace && SHOWN_BY_IP.includes(path)
  }

  /** Where `ip netns exec` looks for its text of a file. */
  #link(path: string): string {
    return join(etcFolder(this.#options.namespace), posix.basename(path))
  }

  #isInDirectory(path: string): boolean {
    return this.#options.directories.some((directory) => path.startsWith(`${normal(directory)}/`))
  }

  #script(): string {
    const { folder, hostname, directories, environment } = this.#options
    const files = [...this.#files.keys()].filter((path) => !this.#isInDirectory(path))
    const targets: Target[] = [
      ...directories.map((path) => ({ path: normal(path), isDirectory: true })),
      ...files.map((path) => ({ path, isDirectory: false })),
    ].filter(({ path }) => overlayRoot(path) !== '/')
    const overlays = topmost(
      targets.filter(({ path }) => !isInRun(path) && !fits(path)).map(({ path }) => overlayRoot(path)),
    )
    const inside = (root: string): Target[] =>
      targets.filter(({ path }) => path.startsWith(`${root}/`) && !existsSync(path))
    return [
      "# Shows the files of this place instead of the machine's, to the command that follows and to no other program.",
      'set -e',
      `cd ${quote(folder)}`,
      'mount -t tmpfs -o mode=755 tmpfs root',
      ...overlays.flatMap((root, index) => {
        const at = `${folder}/root/${index}`
        return [
          `mkdir -p ${at}/upper ${at}/work`,
          ...inside(root).flatMap((target) => makeTarget(target, `${at}/upper${target.path.slice(root.length)}`)),
          `mount -t overlay -o lowerdir=${root},upperdir=${at}/upper,workdir=${at}/work overlay ${root}`,
        ]
      }),
      'mount -t tmpfs -o mode=755 tmpfs /run',
      'mkdir -p /run/lock',
      ...targets.filter(({ path }) => isInRun(path)).flatMap((target) => makeTarget(target, target.path)),
      // Relative to the folder as it was before: it may lie below /run.
      ...targets.map(({ path }) => `mount -c --bind ${quote(`files${path}`)} ${quote(path)}`),
      `echo ${quote(hostname)} > /proc/sys/kernel/hostname`,
      ...Object.entries({ PATH, ...environment }).map(([name, value]) => `export ${name}=${quote(value)}`),
      'cd /',
      'exec "$@"',
      '',
    ].join('\n')
  }
}

/** Gives a path another file, of which nobody ever sees a part. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text)
  renameSync(`${path}.new`, path)
}

interface Target {
  readonly path: string
  readonly isDirectory: boolean
}

function makeTarget({ isDirectory }: Target, at: string): string[] {
  return isDirectory ? [`mkdir -p ${quote(at)}`] : [`mkdir -p ${quote(posix.dirname(at))}`, `: > ${quote(at)}`]
}

/** Whether something is there already that a mount can cover. */
function fits(path: string): boolean {
  return existsSync(path)
}

function isInRun(path: string): boolean {
  return path.startsWith('/run/')
}

/** The deepest directory on the way to a path that this machine has. */
function overlayRoot(path: string): string {
  if (isInRun(path)) return '/run'
  let folder = posix.dirname(path)
  while (!isDirectory(folder)) folder = posix.dirname(folder)
  return folder
}

function isDirectory(path: string): boolean {
  return statSync(path, { throwIfNoEntry: false })?.isDirectory() === true
}

/** Paths that lie below none of the others, each once. */
function topmost(paths: readonly string[]): string[] {
  return [...new Set(paths)].filter((path) => !paths.some((other) => path.startsWith(`${other}/`)))
}

/** As the file system has it: /var/run is /run. */
function normal(path: string): string {
  return posix.resolve('/', path).replace(/^\/var\/run\//, '/run/')
}

function quote(text: string): string {
  return `'${text.replaceAll("'", `'\\''`)}'`
}
