// `waystone/api`: declares routes and tallies, and names things in them. It runs in a browser too.
export { domain, endpoint } from '#shared/api/endpoint.ts'
export { contentId, realmId } from '#shared/api/names.ts'
export { tally } from '#shared/rules/tally.ts'
export type { Tally } from '#shared/rules/tally.ts'
