// `waystone/api`: declares routes and names things in them. It runs in a browser too.
export { domain, endpoint } from '#shared/api/endpoint.ts'
export { contentId, realmId } from '#shared/api/names.ts'
