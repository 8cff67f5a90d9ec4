// The one question before a text of a player reaches others: may he write, and may these words be read?
import type { Content } from '#shared/content/content.ts'
import { readMute } from '#shared/moderation/mute.ts'
import { filterOf, maskWords } from '#shared/moderation/words.ts'
import type { Player } from '#shared/notifications/mailbox.ts'
import { Problem } from '#shared/problem.ts'
import type { ProblemCode } from '#shared/problem.ts'
import type { Runtime } from '#shared/runtime.ts'
import type { Store } from '#shared/store/store.ts'
import { dateOf } from '../http/date.ts'

export type TextDeps = {
  store: Store
  runtime: Pick<Runtime, 'now'>
  content: Content
}

/** What a text is for. A text is masked; a name stands for good, so it is refused. */
export type TextUse = 'line' | 'letter' | 'status' | 'message' | keyof typeof refusals

const refusals = {
  rank: 'guild.text_refused',
  guildName: 'guild.name_refused',
  characterName: 'character.name_refused',
} as const satisfies Record<string, ProblemCode>

/**
 * The text to store or to send. It is asked before both, so that no path can forget it. One trip. Throws chat.muted;
 * for a name with a word that is not allowed, the refusal of its use.
 */
export async function checkText(
  deps: TextDeps,
  player: Player,
  text: string,
  use: TextUse,
): Promise<string> {
  const [checked] = await checkTexts(deps, player, [text], use)
  return checked!
}

/** The same for the texts of one request. One trip for all. */
export async function checkTexts(
  deps: TextDeps,
  player: Player,
  texts: readonly string[],
  use: TextUse,
): Promise<string[]> {
  const mute = await readMute(deps.store, player)
  if (mute !== undefined && mute.until > deps.runtime.now()) {
    throw new Problem('chat.muted', { detail: `The mute ends at ${dateOf(mute.until)}.` })
  }
  return texts.map((text) => {
    if (use in refusals) {
      if (!filterOf(deps.content).inName(text)) return text
      const code = refusals[use as keyof typeof refusals]
      throw new Problem(code, { detail: 'It has a word that is not allowed here.' })
    }
    return maskWords(deps.content, text)
  })
}
