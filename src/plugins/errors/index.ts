import type { Plugin } from '../../server/index.ts'
import { createErrors } from './handler.ts'
import { parseErrors } from './setup.ts'
import type { ErrorsOptions } from './setup.ts'

/** `errors`: logs what went wrong. */
export const errorsPlugin: Plugin<ErrorsOptions> = { name: 'errors', parse: parseErrors, create: createErrors }
