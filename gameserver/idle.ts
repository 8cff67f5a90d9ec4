/**
 * Returns a function that says whether a host was unused for `idleMs`; with 0 it always says no. `inUse` is
 * the number of characters, with those that wait for a resume, and of sockets. The time begins with the first
 * call: a host that has just opened is not idle.
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
