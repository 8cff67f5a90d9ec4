// Forms that send once at a time.
import { element } from './element.ts'
import type { Act } from './tabs.ts'
import { wordsOf } from './words.ts'

/** A form. It is emptied when it was sent, and keeps what was entered when it was not. */
export function sendForm(options: {
  parts: readonly Node[]
  submit: string
  act: Act
  send: () => Promise<unknown>
}): { form: HTMLFormElement; submit: HTMLButtonElement } {
  const submit = element('button', {
    class: 'main',
    text: options.submit,
    attributes: { type: 'submit' },
  })
  const form = element('form', {}, ...options.parts, submit)
  form.addEventListener('submit', (event) => {
    event.preventDefault()
    if (submit.disabled) return
    submit.disabled = true
    options.act(async () => {
      try {
        await options.send()
        form.reset()
      } finally {
        submit.disabled = false
      }
    })
  })
  return { form, submit }
}

/** A line that says why something was not done, and what does it. For screens without tabs. */
export function createAct(): { error: HTMLElement; act: Act } {
  const error = element('p', { class: 'error', attributes: { role: 'alert' } })
  const attempt = async (what: () => Promise<unknown>) => {
    error.textContent = ''
    try {
      await what()
    } catch (failure) {
      error.textContent = wordsOf(failure)
    }
  }
  return { error, act: (what) => void attempt(what) }
}
