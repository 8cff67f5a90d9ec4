import { setTimeout as wait } from 'node:timers/promises'

/** Waits until the condition holds; fails after `timeoutMs`, which is generous for a busy machine. */
export async function until(
  holds: () => boolean | Promise<boolean>,
  timeoutMs = 10_000,
): Promise<void> {
  const timeoutAt = performance.now() + timeoutMs
  while (!(await holds())) {
    if (performance.now() > timeoutAt)
      throw new Error(`still not so after ${timeoutMs} ms: ${holds.toString()}`)
    await wait(15)
  }
}
