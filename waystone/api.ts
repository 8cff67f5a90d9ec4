// `waystone/api`: declares what both halves of a game know: components, messages, kinds of
// content, routes and tallies. It runs in a browser too.
export { component } from '#shared/components/component.ts'
export type { Component, ComponentOptions } from '#shared/components/component.ts'
export { Appearance, Health, Name } from '#shared/components/core.ts'
export {
  entityId,
  flag,
  i16,
  i32,
  int,
  oneOf,
  text,
  u16,
  u32,
  u8,
} from '#shared/components/fields.ts'
export { domain, endpoint } from '#shared/api/endpoint.ts'
export { contentKind } from '#shared/content/kind.ts'
export type { ContentKind } from '#shared/content/kind.ts'
export { message } from '#shared/protocol/message.ts'
export type { Message, MessageOptions } from '#shared/protocol/message.ts'
export { contentId, realmId } from '#shared/api/names.ts'
export { leaderboard } from '#shared/rules/leaderboard.ts'
export { tally } from '#shared/rules/tally.ts'
export type { Tally } from '#shared/rules/tally.ts'
