// Requests made from requests: what rewrite, autopath, dns64 and look-ups inside the server pass on.
import type { Question } from '../dns/message.ts'
import type { Request } from './handler.ts'

/** The same query with another question; message, lower-cased name, type and class follow. */
export function withQuestion(request: Request, change: Partial<Question>): Request {
  const question = { ...request.question, ...change }
  return {
    ...request,
    question,
    name: lowerCaseName(question.name),
    type: question.type,
    class: question.class,
    message: { ...request.message, question: [question] },
  }
}

/**
 * Lower-cases a name's ASCII letters (RFC 4343).
 *
 * Presentation format holds nothing outside ASCII, so the built-in does; a `\DDD` escape has digits only.
 */
export function lowerCaseName(name: string): string {
  return name.toLowerCase()
}
