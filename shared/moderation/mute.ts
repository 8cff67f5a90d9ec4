// A mute is of a player: an account in a realm, whichever character he plays. Who is muted reads and plays, and no
// text of his reaches others. Domains read it before they take a text (functions/moderation/moderation.ts). A host
// reads it after its claim, and hears of changes through its inbox.
//
// Why a mute misses no character in a zone: its row is written before the guards are read. A claim before that read
// shows in it, as `active`, and its host gets the command. A claim after it reads the row. Row and command carry the
// number of the change; a host keeps the higher one, in any order of arrival.
//   R#<realm>#A#<account>  MUTE
import * as z from 'zod'
import type { Player } from '../notifications/mailbox.ts'
import { readRow } from '../store/row.ts'
import type { Key, Store, Write } from '../store/store.ts'

const muteRow = z.object({
  /** Unix ms; 0: no mute any more. */
  until: z.int(),
  /** Rises with each change. */
  version: z.int(),
  /** What the player was told of it; none for a change that lifted it. */
  sanctionId: z.string().optional(),
})

export type Mute = z.infer<typeof muteRow>

function muteKey({ realmId, accountId }: Player): Key {
  return { pk: `R#${realmId}#A#${accountId}`, sk: 'MUTE' }
}

/** The last change; it may be over. Read strongly; one trip. */
export async function readMute(store: Store, player: Player): Promise<Mute | undefined> {
  return readRow(
    muteRow,
    await store.get({ table: 'core', key: muteKey(player), consistent: true }),
  )
}

/** Mutes a player in the place of the change that was read, or, with `until` 0, lifts it. */
export function putMute(
  player: Player,
  before: Mute | undefined,
  { until, sanctionId }: Pick<Mute, 'until' | 'sanctionId'>,
): Write {
  const version = (before?.version ?? 0) + 1
  return {
    put: {
      table: 'core',
      item: {
        ...muteKey(player),
        v: 1,
        until,
        version,
        ...(sanctionId === undefined ? {} : { sanctionId }),
      },
      ...(before === undefined
        ? { condition: 'attribute_not_exists(pk)' }
        : {
            condition: '#version = :before',
            names: { '#version': 'version' },
            values: { ':before': before.version },
          }),
    },
  }
}
