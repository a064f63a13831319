// What the images of a cluster's own components hold beside their one program: nothing, as a rule.

/** The image's only programs; undefined when it may hold any. */
export function programsOfImage(image: string): readonly string[] | undefined {
  const name = image.slice(image.lastIndexOf('/') + 1).replace(/[:@].*$/, '')
  return ONLY_PROGRAMS[name]
}

/** Distroless images, as their build files make them. */
const ONLY_PROGRAMS: Readonly<Record<string, readonly string[]>> = {
  coredns: ['coredns'],
  pause: ['pause'],
  'metrics-server': ['metrics-server'],
}

/** What a container runtime says about a program that is not there. */
export function notInImage(program: string): Error {
  return new Error(
    `failed to start exec: exec failed: unable to start container process: exec: "${program}": executable file not found in $PATH: unknown`,
  )
}
