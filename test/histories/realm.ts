// Twenty players of a realm over HTTP, on a store with faults, beside a model of what they are to each other.
//
// The model follows the store: a commit that carries the id of an act is that act, and it happens in the model when it
// happens in the store. So also of acts at once there is one order, each act must be allowed at its place in it, and
// what must be so after all of them is known. An act that is answered as done has happened once, and else not at all.
import { setImmediate } from 'node:timers/promises'
import { inspect, isDeepStrictEqual } from 'node:util'
import {
  accessTokenMs,
  blockedMax,
  friendRequestsMax,
  friendsMax,
  guildApplicationsPerCharacterMax,
  guildInvitesPerCharacterMax,
  guildMembersMax,
  guildWaitingMax,
} from '#shared/limits.ts'
import { newId } from '#shared/runtime.ts'
import { operationOf } from '#shared/store/commit.ts'
import type { Faults, StoreRequest } from '#shared/store/faults.ts'
import type { Item, Key } from '#shared/store/store.ts'
import { codeOf, openApi } from '../functions/api.ts'
import type { Clock, TestApi } from '../functions/api.ts'
import { brokenPairs, sidesOf } from '../functions/friend-people.ts'
import { brokenGuilds, guildsOf } from '../functions/guild-people.ts'
import { brokenParties, partiesOf } from '../functions/party-people.ts'
import { names, person } from '../functions/people.ts'
import { virtualRuntime } from '../store/virtual-runtime.ts'
import { playerOf, routeOf, send } from './acts.ts'
import type { Act, Player } from './acts.ts'
import { choose } from './choice.ts'
import type { Choice } from './choice.ts'
import { Model } from './model.ts'
import type { Room } from './model.ts'

/** How much fits. To the counts is added what is missing to the limits. */
const room: Room = {
  friends: { friend: 3, sent: 3, received: 2, blocked: 2 },
  guilds: { members: 6, waiting: 3, invites: 2, applications: 1 },
}
const added = {
  player: {
    friend: friendsMax - room.friends.friend,
    sent: friendRequestsMax - room.friends.sent,
    received: friendRequestsMax - room.friends.received,
    blocked: blockedMax - room.friends.blocked,
  },
  guild: {
    members: guildMembersMax - room.guilds.members,
    invites: guildWaitingMax - room.guilds.waiting,
    applications: guildWaitingMax - room.guilds.waiting,
  },
  character: {
    invites: guildInvitesPerCharacterMax - room.guilds.invites,
    applications: guildApplicationsPerCharacterMax - room.guilds.applications,
  },
}

/** An act that was sent. `on`: the party or the guild that is meant. */
export type Sent = {
  who: string
  act: Act
  at: number
  on: string
  happened: number
  /** How it ended, when that is known. */
  code?: string
}

const nothing = '01980000-0000-7000-8000-000000000000'

/** A realm, which each history begins anew. */
export class Realm {
  private readonly test: TestApi
  private readonly clock: HistoryClock
  private readonly players = new Map<string, Player & { since: number }>()
  /** Names by the ids of characters and of players. */
  private readonly nameOf = new Map<string, string>()
  private kept = new Map<string, Item>()
  private model = new Model(room, false)
  private readonly wrong: string[] = []
  /** How acts have ended in all histories: `guilds.kick done`, and how often. */
  readonly ends = new Map<string, number>()
  /** By the hash of their operations. */
  private readonly sent = new Map<string, Sent>()
  /** By name, the last one that had it. */
  private readonly guildIds = new Map<string, string>()

  private constructor(test: TestApi, clock: HistoryClock) {
    this.test = test
    this.clock = clock
  }

  static async open(): Promise<Realm> {
    const clock = historyClock()
    let realm: Realm | undefined
    const test = await openApi({ clock, onApplied: (request) => realm?.follow(request) })
    realm = new Realm(test, clock)
    for (const name of names) {
      await realm.logIn(name)
      const { as, playerId } = realm.player(name)
      realm.nameOf.set(as, name).set(playerId, name)
      const counts = [
        { pk: `R#local#GUILDS#${as}`, ...added.character },
        { pk: `R#local#FRIENDS#${playerId}`, ...added.player },
      ]
      for (const count of counts) {
        await test.memory.put({ table: 'core', item: { sk: 'COUNT', v: 1, ...count } })
      }
    }
    for (const row of test.memory.rows('core')) realm.kept.set(`${row.pk} ${row.sk}`, row)
    return realm
  }

  get now(): number {
    return this.clock.now()
  }

  /** Everything is as before the first history. Of one act after the other time stands but for `wait`. */
  async begin({ atOnce }: { atOnce: boolean }) {
    const { memory } = this.test
    await this.calm()
    this.clock.stand(!atOnce)
    for (const table of ['core', 'volatile'] as const) {
      for (const { pk, sk } of memory.rows(table)) {
        if (table === 'core' && this.kept.has(`${pk} ${sk}`)) continue
        await memory.delete({ table, key: { pk, sk } })
      }
    }
    for (const item of this.kept.values()) await memory.put({ table: 'core', item })
    this.model = new Model(room, atOnce)
    this.wrong.length = 0
    this.test.logged.length = 0
    this.sent.clear()
    this.guildIds.clear()
  }

  wait(ms: number) {
    this.clock.advance(ms)
  }

  /** The faults of the store from now on. */
  fail(faults: Faults) {
    this.test.faults.next = faults
  }

  /** Those who act next. Access tokens are short. */
  async awake(who: Iterable<string>) {
    await this.spared(async () => {
      for (const name of new Set(who)) {
        if (this.now >= this.player(name).since + accessTokenMs / 2) await this.logIn(name)
      }
    })
  }

  /**
   * As clients do: sends it until it is known how it ended. `times`: so many at once, with one id. Returns how it
   * ended.
   */
  async send(who: string, act: Act, times = 1): Promise<Sent> {
    const id = newId(this.clock)
    const player = this.player(who)
    const sent: Sent = { who, act, at: this.now, on: this.meant(act), happened: 0 }
    this.sent.set(operationOf([player.playerId, routeOf(act), id], {}).hash, sent)
    const other = 'whom' in act ? this.player(act.whom) : player
    const until = async () => {
      for (;;) {
        const code = await codeOf(send(player, act, other, sent.on, id))
        if (code !== 'store.unavailable' && code !== 'world.busy') return code
      }
    }
    const codes = await Promise.all(Array.from({ length: times }, until))
    // What is refused is not remembered: the twin may come a moment later, when it is allowed.
    sent.code = codes.find((code) => code === 'done') ?? codes[0]!
    const end = `${act.of}.${act.what} ${sent.code}`
    this.ends.set(end, (this.ends.get(end) ?? 0) + 1)
    return sent
  }

  /** What comes next, by what is so now. */
  choose(cast: readonly string[], choice: Choice) {
    return choose(this.model, cast, choice)
  }

  /** What an act would end with now. */
  expected({ who, act, at, on }: Sent): string {
    return this.model.act(who, act, at, on)
  }

  note(sent: Sent, what: string) {
    this.wrong.push(`${told(sent)} ${what}`)
  }

  /** What is wrong after all acts, and then what they were. */
  async broken(): Promise<string[]> {
    await this.calm()
    for (const sent of this.sent.values()) {
      if (sent.happened !== (sent.code === 'done' ? 1 : 0)) {
        this.note(sent, `happened ${sent.happened} times`)
      }
    }
    const { test, model } = this
    const named = (text: string) =>
      text.replace(/[0-9a-f-]{36}/g, (id) => this.nameOf.get(id) ?? id)
    const rules = [
      ...brokenPairs(test, added.player),
      ...brokenParties(test),
      ...brokenGuilds(test, added),
    ]
    const stored = {
      pairs: Object.fromEntries(sidesOf(test)),
      parties: Object.fromEntries(partiesOf(test)),
      guilds: Object.fromEntries(guildsOf(test)),
    }
    const known = {
      pairs: model.friends.sides(),
      parties: model.parties.state(this.now),
      guilds: model.guilds.state(),
    }
    const wrong = [
      ...test.logged.filter((line) => !/^(store|world)\./.test(line)),
      ...this.wrong,
      ...model.ghosts().map((who) => `${who} is deleted, and a member`),
      ...rules.map(named),
      ...differences(JSON.parse(named(JSON.stringify(stored))) as Sections, known),
    ]
    return wrong.length === 0 ? [] : [...wrong, ...[...this.sent.values()].map(told)]
  }

  private player(name: string) {
    return this.players.get(name)!
  }

  private async logIn(name: string) {
    const somebody = await person(this.test, name, this.players.get(name))
    // From now on the token is known, and nothing waits for another thread.
    await somebody.told()
    this.players.set(name, { ...playerOf(somebody), since: this.now })
  }

  private async calm() {
    this.test.faults.next = undefined
    // A part of a request may go on when another one has failed.
    await this.clock.idle()
  }

  /** Does it without faults. */
  private async spared(work: () => Promise<unknown>) {
    const { faults } = this.test
    const { next } = faults
    faults.next = undefined
    await work().finally(() => (faults.next = next))
  }

  /** The party or the guild that an act means when it is sent. */
  private meant(act: Act): string {
    if (act.of === 'guilds') return this.guildIds.get(act.guild) ?? nothing
    if (act.of !== 'parties' || !('whom' in act)) return nothing
    return this.model.parties.of(act.whom)?.id ?? nothing
  }

  /** What has happened in the store happens in the model. */
  private follow({ operation, rows }: StoreRequest) {
    const keys = rows.map(({ key }) => key)
    const op = keys.find(({ pk }) => pk.startsWith('OP#'))
    if (operation !== 'transact' || op === undefined) return
    const sent = this.sent.get(op.pk.slice('OP#'.length))
    if (sent === undefined) return this.followUnasked(keys)
    const { who, act, at } = sent
    const begins = act.what === 'found' || (act.of === 'parties' && act.what === 'invite')
    const on = begins ? idIn(keys, `R#local#${act.of === 'guilds' ? 'GUILD' : 'PARTY'}#`) : sent.on
    const code = this.model.act(who, act, at, on)
    sent.happened++
    if (code !== 'done') this.note(sent, `happened, where it is ${code}`)
    if (act.what !== 'found') return
    this.guildIds.set(act.guild, on)
    this.weigh(on)
  }

  /** What comes after the deletion of a character, and what goes because it has expired. */
  private followUnasked(keys: readonly Key[]) {
    const { model, nameOf } = this
    const find = (prefix: string, sk: string) =>
      keys.find((key) => key.pk.startsWith(prefix) && key.sk.startsWith(sk))
    const guildId = idIn(keys, 'R#local#GUILD#')
    const waiting = find('R#local#GUILD#', 'W#')
    const member = find('R#local#GUILDS#', 'MEMBER')
    const party = find('R#local#PARTY-OF#', 'PARTY')
    const told = (who: string | undefined, code: string) => {
      if (who === undefined || code !== 'done') this.wrong.push(`nobody asked, ${who}: ${code}`)
    }
    if (waiting !== undefined) {
      const who = nameOf.get(waiting.sk.slice('W#'.length))!
      told(who, model.guilds.forget(guildId, who, this.now))
    } else if (guildId !== nothing) {
      // The last member's rows go after the guild.
      const who = member === undefined ? model.guilds.leaderOf(guildId) : nameOf.get(idOf(member))
      const row = guildsOf(this.test).get(guildId)
      told(who, model.guilds.leaveAsDeleted(who ?? '', row && nameOf.get(row.leader)))
    } else if (party !== undefined) {
      const who = nameOf.get(idOf(party))!
      told(who, model.parties.leaveAsDeleted(who))
    }
  }

  /** To the counts of a new guild is added what is missing to the limits, before anything else happens. */
  private weigh(guildId: string) {
    const { members, invites, applications } = added.guild
    const update =
      'SET members = members + :m, invites = invites + :i, applications = applications + :a'
    const key = { pk: `R#local#GUILD#${guildId}`, sk: 'GUILD' }
    const values = { ':m': members, ':i': invites, ':a': applications }
    const { next } = this.test.faults
    this.test.faults.next = undefined
    void this.test.memory.update({ table: 'core', key, update, values })
    this.test.faults.next = next
  }
}

const told = ({ who, act: { of, what, ...on }, code }: Sent) =>
  `${who} ${of}.${what} ${Object.values(on)
    .map((each) => JSON.stringify(each))
    .join(' ')}: ${code}`

const idOf = ({ pk }: Key) => pk.slice(pk.lastIndexOf('#') + 1)

function idIn(keys: readonly Key[], prefix: string): string {
  const key = keys.find(({ pk }) => pk.startsWith(prefix))
  return key === undefined ? nothing : idOf(key)
}

type Sections = { [section: string]: { [key: string]: unknown } }

/** What the store has otherwise than the model. */
function differences(stored: Sections, known: Sections): string[] {
  return Object.keys(known).flatMap((section) => {
    const [here, there] = [stored[section]!, known[section]!]
    const keys = [...new Set([...Object.keys(here), ...Object.keys(there)])]
    return keys
      .filter((key) => !isDeepStrictEqual(here[key], there[key]))
      .map(
        (key) => `${section}, ${key}: ${inspect(here[key])}, and should be ${inspect(there[key])}`,
      )
  })
}

type HistoryClock = Clock & {
  stand(still: boolean): void
  /** Nobody waits any more. */
  idle(): Promise<void>
}

/** Time that passes while all wait; while it stands, only the order of those who wait is by it. */
function historyClock(): HistoryClock {
  const time = virtualRuntime(7)
  let still: number | undefined
  let sleeping = 0
  return {
    ...time,
    now: () => still ?? time.now(),
    async sleep(ms) {
      sleeping++
      await time.sleep(Math.ceil(ms))
      sleeping--
    },
    async idle() {
      for (let turns = 0; turns < 2; turns = sleeping === 0 ? turns + 1 : 0) await setImmediate()
    },
    advance(ms) {
      time.advance(ms)
      if (still !== undefined) still += ms
    },
    stand(stands) {
      still = stands ? time.now() : undefined
    },
  }
}
