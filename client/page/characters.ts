// The screen where a player chooses, makes or deletes a character.
import { page } from '#game/page'
import type { Character } from '#shared/api/characters.ts'
import type { Job, Race } from '#shared/content/content.ts'
import { characterNameMaxLength, characterNameMinLength } from '#shared/limits.ts'
import type { ContentSource } from '../library/content.ts'
import type { InRealm, Session } from '../library/session.ts'
import type { KeyStore } from '../library/storage.ts'
import { button, element, field, show } from './element.ts'
import { createLobby } from './people/lobby.ts'
import type { Lobby } from './people/lobby.ts'
import { words, wordsOf } from './words.ts'

export type CharacterScreen = {
  session: Session
  realm: InRealm
  content: ContentSource
  realmId: string
  /** Lives with the browser. */
  store: KeyStore
  /** What stands for everybody has changed. */
  changed: () => void
  /** A character was chosen. */
  play: (character: Character) => void
  /** Logs the player out, here or on every device. Fails when the server does not answer to the latter. */
  logOut: (everywhere: boolean) => Promise<void>
  /** The code that brought the player back to this screen. */
  why?: string
}

export async function showCharacters(screen: CharacterScreen): Promise<void> {
  const error = element('p', { class: 'error', attributes: { role: 'alert' } })
  if (screen.why !== undefined) error.textContent = words(screen.why)
  const list = element('div', { attributes: { id: 'characters' } })
  const making = element('div')
  const people = element('div')
  let lobby: Lobby | undefined
  const head = element(
    'div',
    { class: 'row' },
    element('h1', { text: page.title }),
    element(
      'div',
      { class: 'row' },
      button('Log out', () => void screen.logOut(false), 'plain'),
      button('Log out everywhere', () => void logOutEverywhere(), 'plain'),
    ),
  )
  let left = false
  show(element('section', { class: 'card wide' }, head, people, list, making, error), () => {
    left = true
    lobby?.close()
  })
  /** The panel is of the first character: it follows the list. */
  const showLobby = ([first]: readonly Character[]) => {
    if (first?.characterId === lobby?.characterId) return
    lobby?.close()
    lobby = undefined
    if (first !== undefined && !left) {
      const accountId = screen.session.account?.accountId ?? ''
      lobby = createLobby({ ...screen, character: first, accountId })
    }
    people.replaceChildren(...(lobby === undefined ? [] : [lobby.element]))
  }

  const showError = (failure: unknown) => {
    error.textContent = wordsOf(failure)
  }
  const logOutEverywhere = async () => {
    try {
      await screen.logOut(true)
    } catch (failure) {
      showError(failure)
    }
  }
  const refresh = async () => {
    try {
      const [all, races, jobs] = await Promise.all([
        screen.realm.characters(),
        screen.content.races(),
        screen.content.jobs(),
      ])
      list.replaceChildren(...all.map((each) => row(screen, each, races, jobs, refresh, showError)))
      if (all.length > 0) list.prepend(element('h2', { text: 'Your characters' }))
      making.replaceChildren(creation(screen, races, jobs, showError))
      showLobby(all)
    } catch (failure) {
      showError(failure)
      list.replaceChildren(button('Try again', () => void refresh()))
    }
  }
  list.textContent = 'One moment…'
  await refresh()
}

function row(
  { realm, play }: CharacterScreen,
  character: Character,
  races: Race[],
  jobs: Job[],
  refresh: () => Promise<void>,
  showError: (failure: unknown) => void,
): HTMLElement {
  const race = races.find((each) => each.id === character.race)
  const job = jobs.find((each) => each.id === character.job)
  const dot = element('span', { class: 'dot' })
  dot.style.background = race?.color ?? '#888888'
  const about = `${race?.name ?? character.race} ${job?.name ?? character.job}`
  const remove = button(
    'Delete',
    () => {
      // Only the second click deletes.
      if (remove.textContent === 'Delete') {
        remove.textContent = 'Really?'
        return
      }
      remove.disabled = true
      realm.remove(character.characterId).then(refresh, (failure: unknown) => {
        remove.disabled = false
        remove.textContent = 'Delete'
        showError(failure)
      })
    },
    'plain',
  )
  return element(
    'div',
    { class: 'character' },
    dot,
    element('div', { class: 'who', text: character.name }, element('small', { text: about })),
    remove,
    button('Enter', () => play(character), 'main'),
  )
}

function creation(
  { realm, play }: CharacterScreen,
  races: Race[],
  jobs: Job[],
  showError: (failure: unknown) => void,
): HTMLElement {
  const chooser = createChooser(races, jobs)
  const name = field('Name', {
    name: 'character',
    maxlength: String(characterNameMaxLength),
    autocomplete: 'off',
    spellcheck: 'false',
  })
  const create = element('button', {
    class: 'main',
    text: 'Create and enter',
    attributes: { type: 'submit', id: 'create' },
  })
  const form = element(
    'form',
    {},
    element('h2', { text: 'A new character' }),
    name.label,
    ...chooser.elements,
    create,
  )
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const wanted = name.input.value.trim()
    const wrong = wrongName(wanted)
    if (wrong !== undefined) {
      showNameError(wrong)
      return
    }
    create.disabled = true
    realm.create({ name: wanted, ...chooser.chosen() }).then(play, (failure: unknown) => {
      create.disabled = false
      showError(failure)
    })
  })
  const showNameError = (wrong: string) => {
    name.input.setCustomValidity(wrong)
    name.input.reportValidity()
  }
  name.input.addEventListener('input', () => name.input.setCustomValidity(''))
  return form
}

/** Lets the player choose a race, and a job that it has. */
function createChooser(races: Race[], jobs: Job[]) {
  let race = races[0]!
  let job = race.jobs[0]!
  const raceChoices = element('div', { class: 'choices' })
  const raceAbout = element('p', { class: 'about' })
  const jobChoices = element('div', { class: 'choices' })
  const jobAbout = element('p', { class: 'about' })
  const choice = (text: string, chosen: boolean, choose: () => void) => {
    const made = button(text, choose)
    made.setAttribute('aria-pressed', String(chosen))
    return made
  }
  const draw = () => {
    raceAbout.textContent = race.description
    raceChoices.replaceChildren(
      ...races.map((each) =>
        choice(each.name, each === race, () => {
          race = each
          if (!race.jobs.includes(job)) job = race.jobs[0]!
          draw()
        }),
      ),
    )
    jobAbout.textContent = jobs.find((each) => each.id === job)?.description ?? ''
    jobChoices.replaceChildren(
      ...race.jobs.map((id) =>
        choice(jobs.find((each) => each.id === id)?.name ?? id, id === job, () => {
          job = id
          draw()
        }),
      ),
    )
  }
  draw()
  return {
    elements: [
      element('h2', { text: 'People' }),
      raceChoices,
      raceAbout,
      element('h2', { text: 'Calling' }),
      jobChoices,
      jobAbout,
    ],
    chosen: () => ({ race: race.id, job }),
  }
}

function wrongName(name: string): string | undefined {
  if (name.length < characterNameMinLength) {
    return `A name has at least ${characterNameMinLength} letters.`
  }
  if (!/^[A-Za-z]+(?:['\- ][A-Za-z]+)*$/.test(name)) {
    return "Latin letters, with single ' - or blanks between them."
  }
  return undefined
}
