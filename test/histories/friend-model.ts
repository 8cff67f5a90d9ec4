// Friends, requests and blocks by the words of their API, as three sets of pairs `from to`.
export type FriendAct = {
  of: 'friends'
  what: 'ask' | 'accept' | 'end' | 'block' | 'unblock'
  whom: string
}

/** What the models of all domains go by. */
export type Around = {
  /** Characters that are deleted. Their players are not. */
  readonly deleted: ReadonlySet<string>
  /**
   * Many act at once. Then what is asked before an act, and not once more in its transaction, may be otherwise by
   * then. That must do no harm.
   */
  readonly atOnce: boolean
}

/** How many fit, beside what a test has added to the counts. */
export type FriendRoom = { friend: number; sent: number; received: number; blocked: number }

export class FriendModel {
  private friends = new Set<string>()
  private asked = new Set<string>()
  private blocks = new Set<string>()

  private readonly room: FriendRoom
  private readonly around: Around
  constructor(room: FriendRoom, around: Around) {
    this.room = room
    this.around = around
  }

  hasBlocked(by: string, other: string): boolean {
    return this.blocks.has(`${by} ${other}`)
  }

  /** The code that it ends with, `done` or a refusal. */
  act(who: string, { what, whom }: FriendAct): string {
    const { deleted, atOnce } = this.around
    // It is between players. A character gives its name, which may be deleted at that moment.
    if (!atOnce && deleted.has(who) && (what === 'ask' || what === 'accept')) {
      return 'character.not_found'
    }
    if (!atOnce && deleted.has(whom) && what === 'ask') return 'friend.unknown'
    if (who === whom && (what === 'ask' || what === 'block')) return 'friend.self'
    const [friends, asked, blocks] = [this.friends, this.asked, this.blocks].map((s) => new Set(s))
    const before = [this.state(who, whom), this.state(whom, who)]
    const code = this.change(what, who, whom)
    if (code !== 'done') return code
    const full =
      (this.isOver(who, whom, before[0]) && 'friend.limit') ||
      (this.isOver(whom, who, before[1]) && 'friend.full')
    if (!full) return 'done'
    Object.assign(this, { friends, asked, blocks })
    return full
  }

  private change(what: FriendAct['what'], a: string, b: string): string {
    const [ab, ba] = [`${a} ${b}`, `${b} ${a}`]
    const open = this.asked.has(ba) && !this.blocks.has(ab)
    const befriend = () => {
      this.forget(ab, ba)
      this.friends.add(ab).add(ba)
    }
    switch (what) {
      case 'ask':
        if (this.blocks.has(ab)) return 'friend.blocked'
        if (this.friends.has(ab) || this.asked.has(ab)) return 'friend.already'
        if (open) befriend()
        else this.asked.add(ab)
        return 'done'
      case 'accept':
        if (this.friends.has(ab)) return 'friend.already'
        if (!open) return 'friend.not_asked'
        befriend()
        return 'done'
      case 'end':
        if (!this.friends.has(ab) && !this.asked.has(ab) && !open) return 'friend.not_found'
        this.forget(ab, ba)
        return 'done'
      case 'block':
        this.forget(ab, ba)
        this.blocks.add(ab)
        return 'done'
      case 'unblock':
        if (!this.blocks.delete(ab)) return 'friend.not_found'
        this.forget(ab, ba)
        return 'done'
    }
  }

  private forget(...pairs: string[]) {
    for (const pair of pairs) {
      this.friends.delete(pair)
      this.asked.delete(pair)
    }
  }

  private isOver(of: string, other: string, before: string | undefined): boolean {
    const state = this.state(of, other)
    if (state === undefined || state === before) return false
    const all = [...this.friends, ...this.asked, ...this.blocks].flatMap((pair) => pair.split(' '))
    const others = [...new Set(all)]
    return others.filter((one) => this.state(of, one) === state).length > this.room[state]
  }

  /** What the other one is to a player, as his list shows it. */
  private state(of: string, other: string): keyof FriendRoom | undefined {
    const [there, back] = [`${of} ${other}`, `${other} ${of}`]
    if (this.blocks.has(there)) return 'blocked'
    if (this.friends.has(there)) return 'friend'
    if (this.asked.has(there)) return 'sent'
    return this.asked.has(back) ? 'received' : undefined
  }

  /** What each is to each other one, by `<player> <other player>`. */
  sides(): Record<string, string> {
    const sides: Record<string, string> = {}
    for (const pair of [...this.friends, ...this.asked, ...this.blocks]) {
      const [a, b] = pair.split(' ') as [string, string]
      for (const [of, other] of [
        [a, b],
        [b, a],
      ] as const) {
        const state = this.state(of, other)
        if (state !== undefined) sides[`${of} ${other}`] = state
      }
    }
    return sides
  }
}
