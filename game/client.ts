// The browser half of the sample game: how things look that content does not say. No I/O.

/** What the page shows before the player has chosen anything. */
export const title = 'Waystone'

/** Colours of jobs, `#rrggbb`: a player's body has the colour of the race, its rim that of the job. */
export const jobColors: Record<string, string> = {
  guardian: '#4a6fa5',
  ranger: '#4f7942',
  mage: '#8e5ba6',
  healer: '#e0c868',
}
