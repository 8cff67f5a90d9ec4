// What is so after the acts that have happened.
import type { Act } from './acts.ts'
import { FriendModel } from './friend-model.ts'
import type { FriendRoom } from './friend-model.ts'
import { GuildModel } from './guild-model.ts'
import type { GuildRoom } from './guild-model.ts'
import { PartyModel } from './party-model.ts'

export type Room = { friends: FriendRoom; guilds: GuildRoom }

export class Model {
  readonly deleted = new Set<string>()
  readonly friends: FriendModel
  readonly parties: PartyModel
  readonly guilds: GuildModel

  constructor(room: Room, atOnce: boolean) {
    const around = { deleted: this.deleted, atOnce }
    this.friends = new FriendModel(room.friends, around)
    this.parties = new PartyModel(this.friends, around)
    this.guilds = new GuildModel(room.guilds, this.friends, around)
  }

  /** The code that an act ends with. `on`: the party or guild that is meant. */
  act(who: string, act: Act, now: number, on: string): string {
    switch (act.of) {
      case 'friends':
        return this.friends.act(who, act)
      case 'parties':
        return this.parties.act(who, act, now, on)
      case 'guilds':
        return this.guilds.act(who, act, now, on)
      case 'characters':
        if (this.deleted.has(who)) return 'character.not_found'
        this.deleted.add(who)
        return 'done'
    }
  }
  /** Characters that are deleted, and members all the same. */
  ghosts(): string[] {
    return [...this.deleted].filter(
      (who) => this.parties.of(who) !== undefined || this.guilds.knows(who),
    )
  }
}
