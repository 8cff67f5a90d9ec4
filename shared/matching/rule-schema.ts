// The shape of a FlexMatch rule set (ruleLanguageVersion 1.0). What is not here is refused by name. What names in it
// mean is checked in rule-set.ts.
import * as z from 'zod'
import {
  matchAttributesMax,
  matchExpressionMaxLength,
  matchKindsMax,
  matchMapMax,
  matchPlayersMax,
  matchRulesMax,
  matchStagesMax,
  matchStringMaxLength,
  matchStringsMax,
} from '../limits.ts'

const name = z.string().min(1).max(128)
/** It stands in brackets in expressions. */
const named = name.regex(/^[^[\],*]+$/, 'holds one of [ ] , *')
const text = z.string().min(1).max(matchExpressionMaxLength)
const description = z.string().max(1000).optional()
const string = z.string().min(1).max(matchStringMaxLength)
const count = z.int().min(0).max(10_000)

const attribute = z.discriminatedUnion('type', [
  z.strictObject({ name: named, type: z.literal('string'), default: string.optional() }),
  z.strictObject({ name: named, type: z.literal('number'), default: z.number().optional() }),
  z.strictObject({
    name: named,
    type: z.literal('string_list'),
    default: z.array(string).max(matchStringsMax).optional(),
  }),
  z.strictObject({
    name: named,
    type: z.literal('string_number_map'),
    default: z
      .record(string, z.number())
      .refine((map) => Object.keys(map).length <= matchMapMax, `has more than ${matchMapMax} keys`)
      .optional(),
  }),
])

const algorithm = z.strictObject({
  strategy: z.enum(['exhaustiveSearch', 'balanced']).optional(),
  batchingPreference: z.enum(['random', 'sorted', 'largestPopulation', 'fastestRegion']).optional(),
  sortByAttributes: z.array(name).min(1).max(matchAttributesMax).optional(),
  balancedAttribute: name.optional(),
  backfillPriority: z.enum(['normal', 'high', 'low']).default('normal'),
  expansionAgeSelection: z.enum(['newest', 'oldest']).default('newest'),
})

const team = z.strictObject({
  name: named,
  minPlayers: z.int().min(0).max(matchPlayersMax),
  maxPlayers: z.int().min(1).max(matchPlayersMax),
  quantity: z.int().min(1).max(matchPlayersMax).default(1),
})

// The schema page has one string, most examples have a list.
const measurements = z
  .union([text, z.array(text).min(1).max(10)])
  .transform((each) => (typeof each === 'string' ? [each] : each))
const party = z.enum(['min', 'max', 'avg']).optional()
const sort = {
  name,
  description,
  sortDirection: z.enum(['ascending', 'descending']),
  sortAttribute: name,
  mapKey: z.enum(['minValue', 'maxValue']).optional(),
  partyAggregation: party,
}

const rule = z.discriminatedUnion(
  'type',
  [
    z.strictObject({
      name,
      description,
      type: z.literal('comparison'),
      measurements,
      operation: z.enum(['<', '<=', '=', '!=', '>', '>=']),
      referenceValue: z.union([z.number(), text]).optional(),
      partyAggregation: party,
    }),
    z.strictObject({
      name,
      description,
      type: z.literal('distance'),
      measurements,
      referenceValue: z.union([z.number(), text]),
      minDistance: z.number().min(0).optional(),
      maxDistance: z.number().min(0).optional(),
      partyAggregation: party,
    }),
    z.strictObject({
      name,
      description,
      type: z.literal('batchDistance'),
      batchAttribute: name,
      // An example of the documentation writes the number as a string.
      maxDistance: z
        .union([
          z.number(),
          z
            .string()
            .regex(/^\d{1,9}(\.\d{1,9})?$/)
            .transform(Number),
        ])
        .pipe(z.number().min(0))
        .optional(),
      partyAggregation: party,
    }),
    z.strictObject({
      name,
      description,
      type: z.literal('collection'),
      measurements,
      operation: z.enum(['intersection', 'contains', 'reference_intersection_count']),
      referenceValue: z.union([text, z.array(string).min(1).max(matchStringsMax)]).optional(),
      minCount: count.optional(),
      maxCount: count.optional(),
      partyAggregation: z.enum(['union', 'intersection']).optional(),
    }),
    z.strictObject({ name, description, type: z.literal('compound'), statement: text }),
    z.strictObject({
      name,
      description,
      type: z.literal('latency'),
      maxLatency: z.number().min(0).optional(),
      maxDistance: z.number().min(0).optional(),
      distanceReference: z.enum(['min', 'avg']).optional(),
      partyAggregation: party,
    }),
    z.strictObject({ ...sort, type: z.literal('absoluteSort') }),
    z.strictObject({ ...sort, type: z.literal('distanceSort') }),
  ],
  { error: 'is not a type of rule that is supported' },
)

const expansion = z.strictObject({
  target: name,
  steps: z
    .array(
      z.strictObject({
        waitTimeSeconds: z.number().min(0).max(43_200),
        value: z.union([z.number(), string]),
      }),
    )
    .min(1)
    .max(matchStagesMax),
})

export const ruleSetSchema = z.strictObject({
  name: z.string().max(128).optional(),
  ruleLanguageVersion: z.literal('1.0', { error: 'must be "1.0"' }),
  playerAttributes: z.array(attribute).max(matchAttributesMax).default([]),
  algorithm: algorithm.default({ backfillPriority: 'normal', expansionAgeSelection: 'newest' }),
  teams: z.array(team).min(1).max(matchKindsMax),
  rules: z.array(rule).max(matchRulesMax).default([]),
  expansions: z.array(expansion).max(matchRulesMax).default([]),
})

export type RuleDocument = z.infer<typeof ruleSetSchema>
export type RuleOf<T extends RuleDocument['rules'][number]['type']> = Extract<
  RuleDocument['rules'][number],
  { type: T }
>
