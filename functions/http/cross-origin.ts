// What pages of other origins may do (WAYSTONE_CORS). Tokens travel in a header, never in a cookie, so another
// origin gains nothing by being let in.
//
// The headers are part of an answer's head. A middleware that adds them afterwards runs for each route, and
// makes `Headers` of the plain record: an answer costs half as much again.
import type { Head } from './head.ts'

export type CrossOrigin = {
  /** Of an answer to a request with that `Origin`. */
  headersFor(origin: string | undefined): Head
  /** Of the answer to a preflight (Fetch standard, 4.8). */
  preflightFor(origin: string | undefined): Head
}

const exposed = 'date,etag,ratelimit,ratelimit-policy,retry-after,x-request-id'
const preflight = {
  'access-control-allow-methods': 'GET,POST,PUT,PATCH,DELETE',
  'access-control-allow-headers': 'authorization,content-type,idempotency-key,if-none-match',
  'access-control-max-age': '600',
}

/** `*` among the origins: all of them. */
export function createCrossOrigin(origins: readonly string[]): CrossOrigin {
  const all = origins.includes('*')
  const vary: Head = all ? {} : { vary: 'Origin' }
  function headersFor(origin: string | undefined): Head {
    if (origin === undefined || !(all || origins.includes(origin))) return vary
    const allowed = all ? '*' : origin
    return {
      ...vary,
      'access-control-allow-origin': allowed,
      'access-control-expose-headers': exposed,
    }
  }
  return { headersFor, preflightFor: (origin) => ({ ...headersFor(origin), ...preflight }) }
}
