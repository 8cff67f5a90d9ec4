// What is wrong with a rule set, and where.
import type * as z from 'zod'

/** `path`: as in JavaScript, `rules[2].measurements[0]`. */
export type Issue = { path: string; reason: string }

export class RuleSetError extends Error {
  readonly issues: readonly Issue[]
  constructor(issues: readonly Issue[]) {
    super(issues.map(({ path, reason }) => `${path} ${reason}`).join('\n'))
    this.issues = issues
  }
}

export const issuesOf = (error: z.ZodError): Issue[] =>
  error.issues.map(({ path, message, ...issue }) => ({
    path: pathText(path),
    reason:
      issue.code === 'unrecognized_keys'
        ? `has ${issue.keys.join(', ')}, which is not supported`
        : message,
  }))

function pathText(path: readonly PropertyKey[]): string {
  let text = ''
  for (const key of path) {
    if (typeof key === 'number') text += `[${key}]`
    else text += text === '' ? String(key) : `.${String(key)}`
  }
  return text
}
