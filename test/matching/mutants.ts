// The rules of the matcher, each taken away by a patch: test/mutants/hunt.ts says how. test/matching/properties.ts must
// find every one.
import type { Mutant } from '../mutants/hunt.ts'

const draft = 'shared/matching/draft.ts'
const match = 'shared/matching/match.ts'
const pool = 'shared/matching/pool.ts'
const search = 'shared/matching/search.ts'

export const mutants: Mutant[] = [
  {
    name: 'party-counts-as-one',
    rule: 'A ticket weighs as many as it has players',
    file: draft,
    find: 'draft.sizes[at]! += part.playerIds.length',
    replace: 'draft.sizes[at]! += 1',
  },
  {
    name: 'party-beyond-the-seats',
    rule: 'A team holds no more than its maximum',
    file: draft,
    find: 'if (draft.sizes[slot]! + entry.size > max[slot]!) return false',
    replace: 'if (draft.sizes[slot]! >= max[slot]!) return false',
    also: {
      file: draft,
      find: 'sizes[slot]! + entry.size > stage.max[slot]!) continue',
      replace: 'sizes[slot]! >= stage.max[slot]!) continue',
    },
  },
  {
    name: 'matched-and-waiting',
    rule: 'A ticket that is in a match waits no more',
    file: match,
    find: '  take(matcher.pool, entry)\n',
    replace: '  void [take, matcher.pool]\n',
  },
  {
    name: 'rules-not-asked-at-the-end',
    rule: 'All rules hold for a finished match',
    file: draft,
    find: 'own.enforced.every((rule) => rule.judge(draft) > fails)',
    replace: 'own.enforced.every((rule) => rule.judge(draft) >= fails)',
  },
  {
    name: 'undecided-is-false',
    rule: 'A rule about a team without players decides nothing',
    file: draft,
    find: 'own.enforced.every((rule) => rule.judge(draft) > fails)',
    replace: 'own.enforced.every((rule) => rule.judge(draft) > fails + 1)',
  },
  {
    name: 'age-of-the-other-end',
    rule: 'The newest or the oldest ticket gives the age of a match, as the rule set says',
    file: draft,
    find: "rules.selection === 'newest' ? Math.max(...times) : Math.min(...times)",
    replace: "rules.selection === 'oldest' ? Math.max(...times) : Math.min(...times)",
  },
  {
    name: 'relaxed-too-late',
    rule: 'An expansion counts from its very second',
    file: 'shared/matching/rule-set.ts',
    find: 'ageMs >= stages[stage + 1]!.fromMs',
    replace: 'ageMs > stages[stage + 1]!.fromMs',
  },
  {
    name: 'relaxed-unnoticed',
    rule: 'A ticket is looked at again when its rules relax',
    file: match,
    find: 'if (entry.stage > entry.searched) mark(matcher, entry)',
    replace: 'if (entry.searched < 0) mark(matcher, entry)',
  },
  {
    name: 'youngest-first',
    rule: 'Candidates come by age, the oldest first',
    file: pool,
    find: 'if (byAge(heads[i]!, heads[first]!) < 0) first = i',
    replace: 'if (byAge(heads[i]!, heads[first]!) > 0) first = i',
  },
  {
    name: 'put-at-the-end',
    rule: 'A ticket that comes with an old time stands before the younger ones',
    file: pool,
    find: 'while (older !== undefined && byAge(entry, older) < 0) older = older.older',
    replace: 'while (older !== undefined && byAge(entry, older) > 0) older = older.older',
  },
  {
    name: 'no-combinations',
    rule: 'Where filling by age fails, every combination is tried',
    file: search,
    find: 'if (filled.most > tried && !search.cut) {',
    replace: 'if (filled.most < tried) {',
  },
  {
    name: 'stops-at-the-first-match',
    rule: 'A match is as full as those who wait can make it',
    file: search,
    find: '    if (isMatch(draft)) best = most\n',
    replace: '    if (isMatch(draft)) {\n      best = most\n      break\n    }\n',
  },
  {
    name: 'narrow-reach',
    rule: 'The buckets within reach of a ticket are all looked at',
    file: pool,
    find: 'const last = bucketOf(pool, entry.lows[0]! + reach)',
    replace: 'const last = bucketOf(pool, entry.lows[0]!)',
  },
  {
    name: 'two-running-matches',
    rule: 'One backfill ticket at most is in a match',
    file: draft,
    find: 'if (draft.backfills > 0 || !isElsewhere(draft.members, entry)) return false',
    replace: 'if (!isElsewhere(draft.members, entry)) return false',
  },
  {
    name: 'nobody-joins',
    rule: 'A backfill ticket needs another one beside it',
    file: draft,
    find: '|| members.length === backfills) return false',
    replace: ') return false',
  },
  {
    name: 'all-empty-teams-alike',
    rule: 'A running match tells teams apart',
    file: search,
    find: "!seed.backfill && partitionOf(seed).classes.has('backfill')",
    replace: "!seed.backfill && partitionOf(seed).classes.has('none')",
  },
  {
    name: 'given-up-too-soon',
    rule: 'Only a rule that cannot recover turns the search back',
    file: 'shared/matching/collection.ts',
    find: 'if (count < minCount) return falls(trend) ? broken : fails',
    replace: 'if (count < minCount) return broken',
  },
  {
    name: 'average-taken-for-a-maximum',
    rule: 'An average may do anything when players join',
    file: 'shared/matching/expression.ts',
    find: ": (['any', 'any', 'any'] as const)",
    replace: ": (['up', 'grows', 'shrinks'] as const)",
  },
  {
    name: 'operand-must-hold',
    rule: 'An operand of a compound rule need not hold by itself',
    file: 'shared/matching/rules.ts',
    find: 'enforced: !operands.has(name)',
    replace: 'enforced: operands.size >= 0',
  },
  {
    name: 'at-the-distance-is-too-far',
    rule: 'A distance that is exactly the limit is allowed',
    file: 'shared/matching/comparison.ts',
    find: 'if (maxDistance !== undefined && away > maxDistance) {',
    replace: 'if (maxDistance !== undefined && away >= maxDistance) {',
  },
  {
    name: 'slowest-of-a-party',
    rule: 'A party counts by the average latency of its players',
    file: 'shared/matching/entry.ts',
    find: '            way,\n          ),',
    replace: "            way === 'avg' ? 'max' : way,\n          ),",
  },
]
