// The page: landing, choice of a character, the world. The storage decides which one comes first: a reloaded page is
// back in the world at once. A link of an e-mail, or the way back from another service, comes before.
import './no-eval.ts'
import { page } from '#game/page'
import type { Character } from '#shared/api/characters.ts'
import { createContent } from '../library/content.ts'
import { takeReturned } from '../library/provider-sign-in.ts'
import type { Returned } from '../library/provider-sign-in.ts'
import { createSession } from '../library/session.ts'
import { createBrowserStore } from '../library/storage.ts'
import { webRuntime } from '../library/web-runtime.ts'
import type { ResumeTicket } from '../library/zone-client-state.ts'
import { readLink } from './account/link.ts'
import type { Link } from './account/link.ts'
import { showRecovery } from './account/recovery.ts'
import { finishSignIn } from './account/returned.ts'
import { showVerify } from './account/verify.ts'
import { erasedWords } from './account/words.ts'
import { showCharacters } from './characters.ts'
import { publish } from './hook.ts'
import { showLanding } from './landing.ts'
import type { Landing } from './landing.ts'
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

function landing(why?: string, more: Pick<Landing, 'note' | 'loginName'> = {}): void {
  showLive(undefined)
  showLanding({ session, tabStore: tabStorage, done: () => characters(), why, ...more })
}

/** `returned`: what a sign-in has brought back that is to be linked. */
function characters(why?: string, returned?: Returned): void {
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
    tabStore: tabStorage,
    returned,
    changed: () => live?.shown.refresh(),
    play: (character) => enter(playingOf(realmId, character)),
    logOut,
    erased: (at) => landing(undefined, { note: erasedWords(at) }),
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

function begin(): void {
  const before = session.account && readPlaying(tabStorage)
  if (before) enter(before.playing, before.ticket)
  else if (session.account) characters()
  else landing()
}

function open({ kind, secret }: Link): void {
  if (kind === 'verify') return showVerify(session, secret, begin)
  showRecovery(session, secret, {
    done: (loginName) =>
      landing(undefined, { loginName, note: 'Your password is set. Log in with it.' }),
    back: begin,
  })
}

/** What a sign-in brings back. One that is to be linked belongs to the account that began it. */
function come(returned: Returned): void {
  if (returned.linkTo === undefined) {
    void finishSignIn(session, returned, { done: () => characters(), back: (why) => landing(why) })
  } else if (returned.linkTo === session.account?.accountId) characters(undefined, returned)
  else begin()
}

// Somebody opens a link of an e-mail where the page is open already.
addEventListener('hashchange', () => {
  if (readLink(location.hash)) location.reload()
})

const link = readLink(location.hash)
const returned = takeReturned(tabStorage, location.search)
// Neither secrets nor codes stay in the address or the history.
if (link || new URLSearchParams(location.search).has('state')) {
  history.replaceState(null, '', location.pathname)
}
if (link) open(link)
else if (returned) come(returned)
else begin()
