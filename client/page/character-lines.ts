// Lines of a player's characters: those that are there, and those that were deleted.
import type { Api } from '#shared/api/api.ts'
import type { Character } from '#shared/api/characters.ts'
import type { AnswerOf } from '#shared/api/endpoint.ts'
import type { Job, Race } from '#shared/content/content.ts'
import { countdown } from './countdown.ts'
import { nameField } from './creation.ts'
import { button, element, sureButton } from './element.ts'
import { line } from './lines.ts'
import type { Act } from './tabs.ts'

type Deleted = AnswerOf<Api['characters']['endpoints']['deleted']>['characters'][number]

export type CharacterLines = {
  races: readonly Race[]
  jobs: readonly Job[]
  /** Does something, shows why not, and draws the list anew. */
  act: Act
}

export function characterLine(
  character: Character,
  { races, jobs, act }: CharacterLines,
  does: {
    play: () => void
    rename: (name: string) => Promise<unknown>
    remove: () => Promise<unknown>
  },
): HTMLElement {
  const { name } = character
  const dot = element('span', { class: 'dot' })
  dot.style.background = races.find(({ id }) => id === character.race)?.color ?? '#888888'
  const rename = button(
    'Rename',
    () => {
      const form = renameForm(name, act, does.rename, () => {
        form.replaceWith(made)
        rename.focus()
      })
      made.replaceWith(form)
      form.querySelector('input')!.focus()
    },
    'plain',
  )
  const remove = sureButton('Delete', () => act(does.remove), 'plain')
  const enter = button('Enter', does.play, 'main')
  for (const each of [rename, remove, enter]) {
    each.setAttribute('aria-description', name)
  }
  const made = element(
    'div',
    { class: 'character' },
    dot,
    element(
      'div',
      { class: 'who', text: name },
      element('small', { text: callingOf(character, races, jobs) }),
    ),
    rename,
    remove,
    enter,
  )
  return made
}

function renameForm(
  name: string,
  act: Act,
  rename: (name: string) => Promise<unknown>,
  leave: () => void,
): HTMLFormElement {
  const field = nameField(`New name of ${name}. Once in 30 days`, 'rename')
  field.input.value = name
  const form = element(
    'form',
    { class: 'character rename' },
    field.label,
    button('Cancel', leave, 'plain'),
    element('button', { class: 'main', text: 'Rename', attributes: { type: 'submit' } }),
  )
  form.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') leave()
  })
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    const wanted = field.named()
    if (wanted === name) leave()
    else if (wanted !== undefined) act(() => rename(wanted))
  })
  return form
}

/** `now`: Unix ms by the server's clock. */
export function deletedLine(
  character: Deleted,
  { races, jobs, act }: CharacterLines,
  { now, restore }: { now: number; restore: () => Promise<unknown> },
): HTMLElement {
  const { name, until } = character
  const left = `can be restored for ${countdown(until - now)}`
  const about = `${callingOf(character, races, jobs)}, ${left}`
  return line(name, about, [{ label: 'Restore', of: name, choose: () => act(restore) }])
}

/** Its race and job, as the content calls them. */
function callingOf(
  { race, job }: Pick<Character, 'race' | 'job'>,
  races: readonly Race[],
  jobs: readonly Job[],
): string {
  const name = (all: readonly { id: string; name: string }[], id: string) =>
    all.find((each) => each.id === id)?.name ?? id
  return `${name(races, race)} ${name(jobs, job)}`
}
