/** A moment as a sentence of a refusal says it: ISO 8601 in UTC. */
export function dateOf(ms: number): string {
  // oxlint-disable-next-line no-restricted-globals -- written as a date, not asked for the time
  return new Date(ms).toISOString()
}
