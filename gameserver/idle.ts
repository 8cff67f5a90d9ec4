/**
 * Tells whether nobody has been there for `idleMs`; `inUse` is how many play, wait for a resume or hold a
 * socket. Never with 0. Counted from the first call, so that a host which has just opened is not idle.
 */
export function createIdleWatch(idleMs: number): (now: number, inUse: number) => boolean {
  let since: number | undefined
  return (now, inUse) => {
    if (idleMs === 0) return false
    if (inUse > 0) since = undefined
    else since ??= now
    return since !== undefined && now - since >= idleMs
  }
}
