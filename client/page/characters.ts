// The screen where a player chooses, makes, renames, deletes or restores a character, and looks after his account.
import { page } from '#game/page'
import type { Character } from '#shared/api/characters.ts'
import type { Job, Race } from '#shared/content/content.ts'
import type { ContentSource } from '../library/content.ts'
import type { KeyStore } from '../library/storage.ts'
import { createAccount } from './account/account.ts'
import type { AccountOptions } from './account/context.ts'
import { characterLine, deletedLine } from './character-lines.ts'
import { creation } from './creation.ts'
import { button, element, show } from './element.ts'
import { createLobby } from './people/lobby.ts'
import type { Lobby } from './people/lobby.ts'
import { section } from './lines.ts'
import type { Act } from './tabs.ts'
import { words, wordsOf } from './words.ts'

export type CharacterScreen = AccountOptions & {
  content: ContentSource
  realmId: string
  /** Lives with the browser. */
  store: KeyStore
  /** What stands for everybody has changed. */
  changed: () => void
  /** A character was chosen. */
  play: (character: Character) => void
  /** The code that brought the player back to this screen. */
  why?: string | undefined
}

export async function showCharacters(screen: CharacterScreen): Promise<void> {
  const { session } = screen
  const error = element('p', { class: 'error', attributes: { role: 'alert' } })
  if (screen.why !== undefined) error.textContent = words(screen.why)
  const list = element('div', { attributes: { id: 'characters', tabindex: '-1' } })
  const making = element('div')
  const people = element('div')
  const account = createAccount(screen)
  let lobby: Lobby | undefined
  const head = element(
    'div',
    { class: 'row' },
    element('h1', { text: page.title }),
    element(
      'div',
      { class: 'row' },
      account.opener,
      button('Log out', () => void screen.logOut(false), 'plain'),
    ),
  )
  let left = false
  show(
    element('section', { class: 'card wide' }, head, account.hint, people, list, making, error),
    () => {
      left = true
      lobby?.close()
      account.close()
    },
  )
  /** The panel is of the first character: it follows the list. */
  const showLobby = ([first]: readonly Character[]) => {
    if (first?.characterId === lobby?.characterId && first?.name === lobby?.name) return
    lobby?.close()
    lobby = undefined
    if (first !== undefined && !left) {
      const accountId = session.account?.accountId ?? ''
      lobby = createLobby({ ...screen, character: first, accountId })
    }
    people.replaceChildren(...(lobby === undefined ? [] : [lobby.element]))
  }

  const showError = (failure: unknown) => {
    error.textContent = wordsOf(failure)
  }
  const refresh = async () => {
    try {
      const { all, races, jobs, lists } = await drawCharacters(screen, (what) => void act(what))
      list.replaceChildren(...lists)
      making.replaceChildren(creation(screen, races, jobs, showError))
      showLobby(all)
    } catch (failure) {
      showError(failure)
      list.replaceChildren(button('Try again', () => void refresh()))
    }
  }
  /** One at a time: a second click of the same button does nothing. */
  let acting = false
  const act = async (what: () => Promise<unknown>) => {
    if (acting) return
    acting = true
    error.textContent = ''
    try {
      await what()
      await refresh()
      // The button that had the focus is gone.
      list.focus()
    } catch (failure) {
      showError(failure)
    } finally {
      acting = false
    }
  }
  list.textContent = 'One moment…'
  await refresh()
}

/** The characters that are there, and those that can be restored. Fails with ApiError. */
async function drawCharacters(
  { session, realm, realmId, content, play }: CharacterScreen,
  act: Act,
): Promise<{ all: Character[]; races: Race[]; jobs: Job[]; lists: HTMLElement[] }> {
  const { characters } = realm.api({})
  const [all, deleted, races, jobs] = await Promise.all([
    realm.characters(),
    characters.deleted({ params: { realmId } }),
    content.races(),
    content.jobs(),
  ])
  const lines = { races, jobs, act }
  const there = all.map((each) => {
    const params = { realmId, characterId: each.characterId }
    return characterLine(each, lines, {
      play: () => play(each),
      rename: async (name) => await characters.rename({ params, body: { name } }),
      remove: async () => await realm.remove(each.characterId),
    })
  })
  const gone = deleted.characters.map((each) => {
    const params = { realmId, characterId: each.characterId }
    const restore = async () => await characters.restore({ params })
    return deletedLine(each, lines, { now: session.now(), restore })
  })
  const lists = [...section('Your characters', there), ...section('Deleted', gone)]
  return { all, races, jobs, lists }
}
