// The page: landing, choice of a character, the world. The storage decides which one
// comes first: a reloaded page is back in the world at once.
import './no-eval.ts'
import { page } from '#game/page'
import type { Character } from '#shared/api/characters.ts'
import { createContent } from '../library/content.ts'
import { createSession } from '../library/session.ts'
import { createBrowserStore } from '../library/storage.ts'
import { webRuntime } from '../library/web-runtime.ts'
import type { ResumeTicket } from '../library/zone-client-state.ts'
import { showCharacters } from './characters.ts'
import { publish } from './hook.ts'
import { showLanding } from './landing.ts'
import { createLive } from './live.ts'
import type { Live } from './live.ts'
import { play } from './play.ts'
import { readPlaying } from './resume-store.ts'
import type { Playing } from './resume-store.ts'

document.title = page.title
const place = document.querySelector<HTMLElement>('#world')!
const storage = createBrowserStore(() => localStorage, 'waystone.')
const tabStorage = createBrowserStore(() => sessionStorage, 'waystone.')
const baseUrl = location.origin
const fetchHere = (url: string, init: RequestInit) => fetch(url, init)

const session = createSession({
  baseUrl,
  fetch: fetchHere,
  runtime: webRuntime,
  storage,
  lost: (code) => landing(code),
})
const content = createContent({ baseUrl, fetch: fetchHere, runtime: webRuntime })
publish(undefined)

/** What stands in the realm of the player, as long as he is logged in. */
let live: { realmId: string; shown: Live } | undefined

function showLive(realmId: string | undefined): void {
  if (live?.realmId === realmId) return
  live?.shown.close()
  live = undefined
  if (realmId === undefined) return
  const api = session.inRealm(realmId).api({})
  live = { realmId, shown: createLive({ api, realmId, runtime: webRuntime }) }
}

function landing(why?: string): void {
  showLive(undefined)
  showLanding(session, () => characters(), why)
}

function characters(why?: string): void {
  const realmId = session.account?.realms[0]?.realmId
  if (realmId === undefined) {
    landing(why)
    return
  }
  showLive(realmId)
  void showCharacters({
    session,
    realm: session.inRealm(realmId),
    content,
    realmId,
    store: storage,
    changed: () => live?.shown.refresh(),
    play: (character) => enter(playingOf(realmId, character)),
    logOut,
    why,
  })
}

/** Ends the play in the world, if there is any. */
let leaveWorld: (() => void) | undefined

function enter(playing: Playing, resume?: ResumeTicket): void {
  const realm = session.inRealm(playing.realmId)
  showLive(playing.realmId)
  const leaving = new AbortController()
  let why: string | undefined
  leaveWorld = () => {
    why = 'logged-out'
    leaving.abort()
  }
  const over = (end: string, andLogOut: boolean) => {
    leaveWorld = undefined
    why ??= end
    if (andLogOut) void logOut(false)
    else if (session.account === undefined) landing(why)
    else characters(why === 'left' ? undefined : why)
  }
  void play({
    place,
    session,
    realm,
    content,
    store: tabStorage,
    lasting: storage,
    playing,
    resume,
    changed: () => live?.shown.refresh(),
    leaving: leaving.signal,
    over,
  })
}

async function logOut(everywhere: boolean): Promise<void> {
  if (everywhere) await session.logOutEverywhere()
  else await session.logOut()
  landing()
}

function playingOf(realmId: string, { characterId, name, race, job }: Character): Playing {
  return { realmId, characterId, name, appearance: `${race}/${job}` }
}

// A log-out is for the whole browser, not for one of its windows.
addEventListener('storage', () => {
  if (!session.loggedOutElsewhere()) return
  if (leaveWorld) leaveWorld()
  else landing('logged-out')
})

const before = session.account && readPlaying(tabStorage)
if (before) enter(before.playing, before.ticket)
else if (session.account) characters()
else landing()
