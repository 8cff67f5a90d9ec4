// A new character: its name, race and job.
import type { Character } from '#shared/api/characters.ts'
import type { Job, Race } from '#shared/content/content.ts'
import { characterNameMaxLength, characterNameMinLength } from '#shared/limits.ts'
import type { InRealm } from '../library/session.ts'
import { button, element, field } from './element.ts'

/** A form for a new character. */
export function creation(
  { realm, play }: { realm: InRealm; play: (character: Character) => void },
  races: Race[],
  jobs: Job[],
  showError: (failure: unknown) => void,
): HTMLElement {
  const chooser = createChooser(races, jobs)
  const name = nameField('Name', 'character')
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
    const wanted = name.named()
    if (wanted === undefined) return
    create.disabled = true
    realm.create({ name: wanted, ...chooser.chosen() }).then(play, (failure: unknown) => {
      create.disabled = false
      showError(failure)
    })
  })
  return form
}

/** A field for the name of a character. `named`: what was entered; undefined when it is no name, and says why. */
export function nameField(label: string, called: string) {
  const { input, label: element } = field(label, {
    name: called,
    maxlength: String(characterNameMaxLength),
    autocomplete: 'off',
    spellcheck: 'false',
  })
  input.addEventListener('input', () => input.setCustomValidity(''))
  return {
    input,
    label: element,
    named(): string | undefined {
      const wanted = input.value.trim()
      const wrong = wrongName(wanted)
      if (wrong === undefined) return wanted
      input.setCustomValidity(wrong)
      input.reportValidity()
      return undefined
    },
  }
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
