// Every domain of the HTTP API, by name.
import { auth } from './auth.ts'
import { characters } from './characters.ts'
import { content } from './content.ts'
import { world } from './world.ts'

export const api = { auth, characters, world, content }
export type Api = typeof api
