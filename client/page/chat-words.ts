// What a player types into a chat line: where it goes, by a command before it or by the channel that is chosen.

/** `nearby` goes over the zone's socket; the others are channels. */
export type Target = 'nearby' | 'zone' | 'global' | 'guild' | 'party' | { whisper: string }

export const targets = [
  { target: 'nearby', label: 'Nearby' },
  { target: 'zone', label: 'Zone' },
  { target: 'global', label: 'Everybody' },
  { target: 'guild', label: 'Guild' },
  { target: 'party', label: 'Party' },
] as const

const commands: Record<string, Target> = {
  s: 'nearby',
  z: 'zone',
  a: 'global',
  g: 'guild',
  p: 'party',
}

export const commandHelp =
  '/w Name text (or /w "Two Words" text) whispers, /r answers; /g guild, /p party, /z zone, /a everybody, /s nearby.'

/**
 * Where a line goes, and what it says. `last`: with whom the player whispered last. An answer in words when it cannot
 * be said.
 */
export function readLine(
  line: string,
  chosen: Target,
  last: string | undefined,
): { target: Target; text: string } | string {
  const [, command, rest = ''] = /^\/(\S*)\s*(.*)$/u.exec(line.trim()) ?? []
  if (command === undefined) return { target: chosen, text: line.trim() }
  if (command === 'r') {
    return last === undefined ? 'Nobody has whispered to you.' : said({ whisper: last }, rest)
  }
  if (command === 'w') {
    const [, quoted, word, text = ''] = /^(?:"([^"]+)"|(\S+))\s*(.*)$/u.exec(rest) ?? []
    const name = quoted ?? word
    return name === undefined ? commandHelp : said({ whisper: name }, text)
  }
  const target = commands[command]
  return target === undefined ? commandHelp : said(target, rest)
}

function said(target: Target, text: string) {
  return text === '' ? commandHelp : { target, text }
}

/** How a channel is called before a line. */
export function labelOf(channel: string): string {
  if (channel === 'whisper') return 'Whisper'
  const name = channel.startsWith('zone:') ? 'zone' : channel
  return targets.find(({ target }) => target === name)?.label ?? channel
}
