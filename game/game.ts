// The sample game as the roots see it: where its content lies. A studio points `#game` in
// package.json at its own.
import { fileURLToPath } from 'node:url'

/** Folder with game.json, races/, jobs/, creatures/ and zones/. */
export const contentDir = fileURLToPath(new URL('content/', import.meta.url))
