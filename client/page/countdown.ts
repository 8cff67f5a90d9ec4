// How long it is until something, in words for a page.

/** `4:05`, `1:04:05`, `3 days`. */
export function countdown(ms: number): string {
  const left = Math.max(0, Math.ceil(ms / 1000))
  const [days, hours] = [Math.floor(left / 86_400), Math.floor(left / 3600)]
  if (days >= 2) return `${days} days`
  const two = (part: number) => String(part).padStart(2, '0')
  const [minutes, seconds] = [Math.floor(left / 60) % 60, left % 60]
  return hours > 0 ? `${hours}:${two(minutes)}:${two(seconds)}` : `${minutes}:${two(seconds)}`
}

/** An hour of the day where the player is. */
export function timeOf(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { timeStyle: 'short' }).format(ms)
}

/** A day where the player is. */
export function dayOf(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'long' }).format(ms)
}

/** A day and an hour where the player is. */
export function momentOf(ms: number): string {
  return new Intl.DateTimeFormat(undefined, { dateStyle: 'medium', timeStyle: 'short' }).format(ms)
}
