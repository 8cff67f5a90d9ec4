// Takes each rule of friends, parties and guilds away (test/mutants/hunt.ts). What catches it is a history.
import type { Mutant } from '../mutants/hunt.ts'

/** `kinds`: the histories that are to catch it. */
type PeopleMutant = Mutant & { kinds: readonly string[] }

type Row = Omit<Mutant, 'file'>

const all = 'all of it at once'

/** Rules that stand in one file. */
const inFile = (file: string, kinds: readonly string[], rows: readonly Row[]): PeopleMutant[] =>
  rows.map((row) => ({ ...row, file, kinds }))

const friends = ['friends in turn', 'friends at once', all]
const parties = ['parties in turn', 'parties at once', all]
const guilds = ['guilds in turn', 'guilds at once', all]

const guildStore = 'functions/guilds/store.ts'

export const mutants: PeopleMutant[] = [
  ...inFile('functions/friends/pair.ts', friends, [
    {
      name: 'half-a-block',
      rule: 'A block ends all between the two, on both sides',
      find: "return theirs === 'blocked' ? theirs : 'none'",
      replace: 'return theirs',
    },
    {
      name: 'block-ended-by-the-other',
      rule: 'A block is his who made it: nothing that the other one does ends it',
      find: "return theirs === 'blocked' ? theirs : 'none'",
      replace: "return theirs === 'none' ? theirs : 'none'",
    },
    {
      name: 'blocked-one-asks',
      rule: 'Who is blocked asks, and the other one does not hear of it',
      find: "if (theirs === 'blocked') return { mine: 'sent', theirs }",
      replace: '',
    },
    {
      name: 'accept-without-request',
      rule: 'Who was not asked accepts nothing',
      find: "return pair.mine === 'received' ? friends : 'friend.not_asked'",
      replace: 'return friends',
    },
  ]),
  ...inFile('functions/friends/store.ts', friends, [
    {
      name: 'side-as-it-was-read',
      rule: 'A side of a pair changes if it is what was read',
      find: "condition: '#state = :before',",
      replace: "condition: '#state = :before OR #state <> :before',",
    },
    {
      name: 'no-side-as-it-was-read',
      rule: 'A side of a pair begins if there was none',
      find: "? { condition: 'attribute_not_exists(pk)' }",
      replace: "? { condition: 'attribute_not_exists(pk) OR attribute_exists(pk)' }",
    },
    {
      name: 'friends-over-the-limit',
      rule: 'Friends, requests and blocks have limits, which hold in the transaction',
      find: "'attribute_not_exists(#more) OR #more < :max'",
      replace: "'attribute_not_exists(#more) OR #more <= :max'",
    },
    {
      name: 'friends-not-counted-down',
      rule: 'Counts are those of the lists',
      find: "sets.push('#less = #less - :one')",
      replace: "sets.push('#less = #less - :one + :one')",
    },
    {
      name: 'blocker-not-noted',
      rule: 'Who has blocked a player is noted with him, and forgotten with the block',
      find: "    : { delete: { table: 'core', key } }\n",
      replace: "    : { put: { table: 'core', item: { ...key, v: 1, playerId: by.accountId } } }\n",
    },
  ]),
  ...inFile(
    'functions/friends/store.ts',
    [...parties, ...guilds.slice(0, 2)],
    [
      {
        name: 'block-not-asked',
        rule: 'Other domains ask in their transaction whether one has blocked the other',
        find: "condition: 'attribute_not_exists(pk) OR #state <> :blocked',",
        replace:
          "condition: 'attribute_not_exists(pk) OR #state <> :blocked OR #state = :blocked',",
      },
    ],
  ),
  ...inFile(
    'shared/store/commit.ts',
    [...friends, ...parties.slice(0, 2)],
    [
      {
        name: 'act-twice',
        rule: 'An act happens once under its operation id',
        find: "    condition: 'attribute_not_exists(pk) OR expires <= :now',",
        replace:
          "    condition: 'attribute_not_exists(pk) OR expires <= :now OR :now > expires OR expires > :now',",
      },
      {
        name: 'refused-and-on-its-way',
        rule: 'A refusal after an unclear commit bars what may still be on its way',
        find: "if (progress.unclear && refused !== 'busy') await bar(deps, op, refused, forGood)",
        replace: '',
      },
      {
        name: 'refused-by-reading',
        rule: 'So does a refusal by what was read, after an unclear commit',
        find: 'if (unclear) await bar(deps, op, refused, forGood)',
        replace: '',
      },
    ],
  ),
  ...inFile('functions/parties/party.ts', parties, [
    {
      name: 'party-over-full',
      rule: 'A party has five members at most, also at the accept',
      find: "return 'party.not_invited'\n  if (party.members.length >= partyMembersMax) return 'party.full'",
      replace: "return 'party.not_invited'",
    },
    {
      name: 'party-invites-without-end',
      rule: 'Ten invites of a party wait at most',
      find: "if (others.length >= partyInvitesMax) return 'party.limit'",
      replace: 'void partyInvitesMax',
    },
    {
      name: 'party-invite-expired',
      rule: 'An invite is good for two minutes',
      find: 'const mine = openInvites(party, now).find(',
      replace: 'const mine = party.invites.find(',
    },
    {
      name: 'party-without-leader',
      rule: 'When the leader leaves, who has been there the longest leads',
      find: 'party.leader === characterId ? members[0]!.characterId : party.leader',
      replace: 'party.leader',
    },
    {
      name: 'party-last-one-leads',
      rule: 'When the leader leaves, who has been there the longest leads',
      find: 'party.leader === characterId ? members[0]!.characterId : party.leader',
      replace: 'party.leader === characterId ? members.at(-1)!.characterId : party.leader',
    },
    {
      name: 'party-kick-by-anyone',
      rule: 'The leader kicks, nobody else',
      find: "if (party.leader !== by) return 'party.not_leader'\n  if (by === characterId) return 'party.self'",
      replace: "if (by === characterId) return 'party.self'",
    },
    {
      name: 'party-led-by-a-stranger',
      rule: 'The leader hands over to a member',
      find: "return isIn(party, to) ? { ...party, leader: to } : 'party.not_found'",
      replace: 'return { ...party, leader: to }',
    },
    {
      name: 'party-answer-of-who-is-gone',
      rule: 'Whether one who has left is ready does not count',
      find: 'return { ...party, members, leader, check: answersOf(party, characterId) }',
      replace: 'return { ...party, members, leader }',
    },
  ]),
  ...inFile('functions/parties/invites.ts', parties, [
    {
      name: 'party-block-at-the-accept',
      rule: 'A block holds at the accept, not at the invite alone',
      find: '      ...(inviter === undefined ? [] : reach(realmId, inviter, me)),\n',
      replace: '',
    },
    {
      name: 'party-block-at-the-invite',
      rule: 'A block holds at the invite',
      find: '      ...reach(realmId, me, other),\n',
      replace: '',
    },
    {
      name: 'party-of-a-deleted-one',
      rule: 'A character that is deleted comes into no party',
      find: '    { write: notDeleted({ realmId, accountId }, characterId) },\n',
      replace: '',
    },
    {
      name: 'party-invite-stays',
      rule: 'An invite ends with the accept',
      find: '      { write: uninviteWrite(realmId, me.characterId, partyId) },\n      ...(',
      replace: '      ...(',
    },
  ]),
  ...inFile('functions/parties/parties.ts', parties, [
    {
      name: 'two-deletions-at-once',
      rule: 'Each character leaves its party with its deletion',
      find: 'const stay = [realmId, characterId, before.partyId, before.number]',
      replace: 'const stay = [realmId, before.partyId, before.number]',
    },
    {
      name: 'kicked-and-a-member',
      rule: 'Party and character both say who is a member (kick)',
      find: '      { write: partWrite(realmId, characterId, partyId) },\n',
      replace: '',
    },
    {
      name: 'invites-into-no-party',
      rule: 'Invites end with their party',
      find: 'const ended = party === undefined ? invites : []',
      replace: 'const ended = party === undefined ? invites.slice(1) : []',
    },
  ]),
  ...inFile('functions/parties/store.ts', parties, [
    {
      name: 'party-as-it-was-read',
      rule: 'A party changes if it is what was read',
      find: 'const unchanged = asRead(before)',
      replace: 'const unchanged = before === undefined ? asRead(before) : {}',
    },
    {
      name: 'in-two-parties',
      rule: 'A character is in one party at most',
      find: "return { put: { table: 'core', item, condition: 'attribute_not_exists(pk)' } }",
      replace: "return { put: { table: 'core', item } }",
    },
  ]),
  ...inFile('functions/guilds/rights.ts', guilds, [
    {
      name: 'equals-kick-each-other',
      rule: 'An act needs a rank above that of its target',
      find: 'return mine! >= 0 && mine! < theirs!',
      replace: 'return mine! >= 0 && mine! <= theirs!',
    },
    {
      name: 'ranks-the-wrong-way-round',
      rule: 'Ranks stand in order, the leader’s first',
      find: 'return mine! >= 0 && mine! < theirs!',
      replace: 'return mine! >= 0 && mine! > theirs!',
    },
    {
      name: 'gives-what-he-lacks',
      rule: 'Who edits ranks gives no permission that he lacks',
      find: "return tooMuch ? 'guild.rank_too_low' : after",
      replace: 'return tooMuch ? after : after',
    },
    {
      name: 'edits-his-own-rank',
      rule: 'Who edits ranks changes those below his own',
      find: "if (!sameRank(before[i]!, after[i], renames)) return 'guild.rank_too_low'",
      replace: 'sameRank(before[i]!, after[i], renames)',
    },
  ]),
  ...inFile('functions/guilds/members.ts', guilds, [
    {
      name: 'kick-without-permission',
      rule: 'A kick needs the permission',
      find: "    demand(guild, me, 'kick')\n",
      replace: '',
    },
    {
      name: 'as-high-as-his-own',
      rule: 'Nobody gives a rank as high as his own',
      find: 'const above = [member.rankId, rankId].every(',
      replace: 'const above = [member.rankId].every(',
    },
    {
      name: 'two-leaders',
      rule: 'Who hands over has the second rank then',
      find: '{ write: giveRank(of, me, second) },',
      replace: 'acting(of, me),',
    },
    {
      name: 'leader-leaves',
      rule: 'A leader cannot leave',
      find: "    if (guild.leaderId === me.characterId) throw new Problem('guild.leader')\n",
      replace: '',
    },
    {
      name: 'kick-by-former-rights',
      rule: 'Rights are those of the moment of the act',
      find: '        acting(of, me),\n        ...dropMember(of, member)',
      replace: '        ...dropMember(of, member)',
    },
    {
      name: 'rank-of-a-member-goes',
      rule: 'A rank goes only when no member has it',
      find: "if (empty.some((rankId) => countIn(guild, rankId) > 0)) throw new Problem('guild.rank_in_use')",
      replace: 'void countIn',
      also: {
        file: guildStore,
        find: 'conditions.push(`(attribute_not_exists(#in${rankId}) OR #in${rankId} = :none)`)',
        replace: 'conditions.push(`(attribute_not_exists(#in${rankId}) OR #in${rankId} >= :none)`)',
      },
    },
    {
      name: 'rank-given-while-it-goes',
      rule: 'A rank goes only when no member has it, also at once',
      find: 'const change = { set: { ranks: shown, rights: guild.rights + 1 }, empty }',
      replace: 'const change = { set: { ranks: shown, rights: guild.rights + 1 } }',
    },
  ]),
  ...inFile('functions/guilds/joining.ts', guilds, [
    {
      name: 'guild-block-at-the-join',
      rule: 'A block holds when an invite is accepted',
      find: '      ...mayReach(of.realmId, me, inviter),\n',
      replace: '',
    },
    {
      name: 'guild-block-of-the-leader',
      rule: 'Whom the leader has blocked nobody lets in',
      find: "        : mayReach(of.realmId, leaderOf(guild), applied, 'guild.unreachable')),",
      replace: "        : mayReach(of.realmId, by, applied, 'guild.unreachable')),",
    },
    {
      name: 'guild-of-a-deleted-one',
      rule: 'A character that is deleted comes into no guild',
      find: "      alive(of.realmId, row, 'guild.not_waiting'),\n",
      replace: '',
    },
  ]),
  ...inFile('functions/guilds/waiting.ts', guilds, [
    {
      name: 'guild-invite-expired',
      rule: 'Invites and applications are good for a week',
      find: "  if (row.until <= now) throw new Problem('guild.expired')\n",
      replace: '',
    },
    {
      name: 'waiting-not-counted-down',
      rule: 'A guild counts what waits',
      find: 'changeGuild(realmId, guild, { add: { [countOf(row)]: -1 } })',
      replace: 'changeGuild(realmId, guild, { add: { [countOf(row)]: 0 } })',
    },
    {
      name: 'expired-makes-no-room',
      rule: 'What has expired makes room',
      find: 'const expired = entries.filter(({ until }) => until <= now).slice(0, 25)',
      replace: 'const expired = entries.filter(({ until }) => until <= 0).slice(0, 25)',
    },
  ]),
  ...inFile('functions/guilds/guilds.ts', guilds, [
    {
      name: 'heir-by-time-alone',
      rule: 'A deleted leader is followed by the highest rank below',
      find: '        placeOf(a) - placeOf(b) ||\n',
      replace: '',
    },
    {
      name: 'heir-is-the-newest',
      rule: 'In that rank by who has been there the longest',
      find: 'a.joinedAt - b.joinedAt ||',
      replace: 'b.joinedAt - a.joinedAt ||',
    },
    {
      name: 'waits-for-a-deleted-one',
      rule: 'Nothing waits for a character that is deleted',
      find: 'Promise.all([guildOf(deps, of), forgetAllFor(deps, of)])',
      replace: 'Promise.all([guildOf(deps, of), forgetAllFor])',
    },
  ]),
  ...inFile('functions/guilds/ending.ts', guilds, [
    {
      name: 'name-of-a-guild-that-is-gone',
      rule: 'The name of a disbanded guild is free at once',
      find: '    { write: freeName(realmId, guild) },\n',
      replace: '',
    },
    {
      name: 'members-of-a-guild-that-is-gone',
      rule: 'A guild that is gone is cleared',
      find: "if (item.sk.startsWith('W#')) return dropWaiting(",
      replace:
        "if (item.sk.startsWith('M#')) return []\n  if (item.sk.startsWith('W#')) return dropWaiting(",
    },
  ]),
  ...inFile(guildStore, guilds, [
    {
      name: 'rights-as-they-were-read',
      rule: 'An act in a guild goes by the rights that were read',
      find: "const conditions = ['#state = :open', '#rights = :rights']",
      replace: "const conditions = ['#state = :open', '#rights >= :rights']",
    },
    {
      name: 'act-in-a-guild-that-is-gone',
      rule: 'Nothing happens in a guild that is gone',
      find: "const conditions = ['#state = :open', '#rights = :rights']",
      replace: "const conditions = ['(#state = :open OR #state <> :open)', '#rights = :rights']",
    },
    {
      name: 'guild-over-full',
      rule: 'Limits of a guild hold in the transaction',
      find: 'conditions.push(`#${name} < :${name}Max`)',
      replace: 'conditions.push(`#${name} <= :${name}Max`)',
    },
    {
      name: 'in-two-guilds',
      rule: 'A character is in one guild at most',
      find: "{ write: { put: { table: 'core', item: pointer, condition: missing } } },",
      replace: "{ write: { put: { table: 'core', item: pointer } } },",
    },
    {
      name: 'two-guilds-of-one-name',
      rule: 'Names of guilds are unique',
      find: "return { put: { table: 'core', item, condition: missing } }",
      replace: "return { put: { table: 'core', item } }",
    },
    {
      name: 'rank-given-to-who-rises',
      rule: 'A rank changes from the one that was read',
      find: "      update: 'SET rankId = :to',\n      condition: 'rankId = :rank',",
      replace:
        "      update: 'SET rankId = :to',\n      condition: 'rankId = :rank OR rankId <> :rank',",
    },
  ]),
  ...inFile('functions/guilds/waiting-rows.ts', guilds, [
    {
      name: 'too-many-wait-for-one',
      rule: 'What waits for a character has a limit',
      find: "condition: 'attribute_not_exists(#kind) OR #kind < :max',",
      replace: "condition: 'attribute_not_exists(#kind) OR #kind <= :max',",
    },
  ]),
]

/** Those that no history catches, and what does. */
export const survivors = {
  'in-two-guilds':
    'two joins of one character must meet; test/functions/guilds.test.ts has it directly',
  'refused-by-reading':
    'what was in the way must go again within moments; test/functions/friends.test.ts has it directly',
}
