// The rule of placement and of who opens and closes instances, each part taken away by a patch (test/mutants/hunt.ts).
// The tests of test/ownership/ that main.ts names must find every one.
import type { Mutant } from '../mutants/hunt.ts'

const choice = 'functions/world/choice.ts'
const friend = 'functions/world/friend.ts'
const card = 'shared/ownership/card.ts'
const places = 'shared/ownership/places.ts'

export const mutants: Mutant[] = [
  {
    name: 'released-twice',
    rule: 'A place that is released is counted once',
    file: places,
    find: "count(realmId, ref, -left.length, '#count >= :released'",
    replace: "count(realmId, ref, -2 * left.length, '#count >= :released'",
  },
  {
    name: 'one-more-than-closed',
    rule: 'Nobody is sent to an instance that is closed',
    file: choice,
    find: 'company.filter((card) => !isMine(card)).map((card) => ({ card, limit: closedAt(card) }))',
    replace:
      'company.filter((card) => !isMine(card)).map((card) => ({ card, limit: closedAt(card) + 1 }))',
  },
  {
    name: 'one-more-than-the-target',
    rule: 'Instances are filled up to the target',
    file: choice,
    find: 'card.count < filledAt(card))',
    replace: 'card.count <= filledAt(card))',
  },
  {
    name: 'friend-before-party',
    rule: 'The party comes before the friend',
    file: choice,
    find: 'distinct([...mates, ...(friend === undefined ? [] : [friend])])',
    replace: 'distinct([...(friend === undefined ? [] : [friend]), ...mates])',
  },
  {
    name: 'version-ignored',
    rule: 'Nobody is sent where his version is not spoken',
    file: choice,
    find: 'fits: (card) => protocol === undefined || speaksTo(card, protocol),',
    replace:
      'fits: (card) => protocol === undefined || card.protocol > 0 || speaksTo(card, protocol),',
  },
  {
    name: 'newest-version-alone',
    rule: 'A host that speaks several versions takes clients of each',
    file: card,
    find: 'return oldest <= version && version <= protocol',
    replace: 'return oldest <= protocol && version === protocol',
  },
  {
    name: 'older-content-alike',
    rule: 'The content of now comes first',
    file: choice,
    find: '(isOlder(card) ? 3 : 0)',
    replace: '(isOlder(card) ? 0 : 0)',
  },
  {
    name: 'wish-ignored',
    rule: 'A wish for region and language is fulfilled below the target',
    file: choice,
    find: ' + missed(card)\n',
    replace: ' + 0 * missed(card)\n',
  },
  {
    name: 'fewest-mates-first',
    rule: 'Where most of the party are comes first',
    file: 'functions/world/mates.ts',
    find: 'b.count - a.count',
    replace: 'a.count - b.count',
  },
  {
    name: 'own-place-before-party',
    rule: 'The party comes before a place that is taken already',
    file: choice,
    find: '    ...(among ? own : []),\n',
    replace: '    ...own,\n',
  },
  {
    name: 'hidden-friend-followed',
    rule: 'A friend who wishes not to be seen is not followed',
    file: friend,
    find: "if (shown.appear !== 'online' || !isThere",
    replace: 'if (!isThere',
  },
  {
    name: 'stranger-followed',
    rule: 'Who is no friend is not followed',
    file: friend,
    find: 'if (friend === undefined || seat === undefined)',
    replace: 'if (seat === undefined)',
  },
  {
    name: 'more-than-the-most',
    rule: 'A zone has no more instances than its content says',
    file: 'functions/world/need.ts',
    find: 'if (max === undefined) return true',
    replace: 'if (max === undefined || max > 0) return true',
  },
  {
    name: 'warm-by-another-name',
    rule: 'Who opens ahead asks under the need that players name',
    file: 'functions/world/warm.ts',
    find: 'await fleet.allocate({ requestId, labels })',
    replace: 'await fleet.allocate({ requestId: `${requestId}/warm`, labels })',
  },
  {
    name: 'given-back-with-a-guest',
    rule: 'A host that somebody is on his way to does not give itself back',
    file: card,
    find: "condition: '#count = :none',\n          names: { '#state': 'state', '#count': 'count' },",
    replace:
      "condition: '#count >= :none',\n          names: { '#state': 'state', '#count': 'count' },",
  },
  {
    name: 'fewer-than-the-least',
    rule: 'A zone keeps as many instances as its content wants',
    file: 'gameserver/persistence/host-places.ts',
    find: 'card.count > 0 || card.bootId < bootId',
    replace: 'card.count > 0 || card.bootId !== bootId',
  },
]
