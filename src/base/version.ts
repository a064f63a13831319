// The program's own name and version, written in by the build.
declare const FATHOM_VERSION: string | undefined

export const PROGRAM_NAME = 'fathom'
/** Semantic version of this build; `0.0.0-source` when the source runs unbuilt (tests). */
export const PROGRAM_VERSION: string = typeof FATHOM_VERSION === 'string' ? FATHOM_VERSION : '0.0.0-source'
