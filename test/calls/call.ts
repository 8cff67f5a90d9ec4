// What the book says of a call.
import type { Domain, Endpoint, RequestOf } from '#shared/api/endpoint.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Stage } from './stage.ts'

/** A call that is taken when nothing else happens meanwhile. */
export type Example = {
  /** Who sends it. */
  by?: { token: string; as?: string }
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
  /**
   * For each id that is not the caller's own character: the refusal when it is the one of another caller, who is in
   * the same position; `done` where everybody may name it.
   */
  others?: Record<string, ProblemCode | 'done'>
  /** Where this game has nothing to take it for. */
  refused?: ProblemCode
}

type CallOf<E extends Endpoint> = (
  stage: Stage,
) => Promise<
  Pick<Example, 'others' | 'refused'> &
    RequestOf<E> &
    (E['identity'] extends 'anyone' ? unknown : { by: NonNullable<Example['by']> })
>

/** One example for each endpoint of a domain. */
export type CallsOf<D extends Domain> = { [E in keyof D['endpoints']]: CallOf<D['endpoints'][E]> }
