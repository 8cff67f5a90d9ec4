// Makes the elements of the page. Text becomes text, never markup.

type Options = {
  class?: string
  text?: string
  /** Attributes as HTML names them. */
  attributes?: Record<string, string>
  click?: () => void
}

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  options: Options = {},
  ...children: Node[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag)
  if (options.class !== undefined) made.className = options.class
  if (options.text !== undefined) made.textContent = options.text
  for (const [name, value] of Object.entries(options.attributes ?? {}))
    made.setAttribute(name, value)
  if (options.click) made.addEventListener('click', options.click)
  made.append(...children)
  return made
}

export function button(text: string, click: () => void, kind = ''): HTMLButtonElement {
  return element('button', { text, click, class: kind, attributes: { type: 'button' } })
}

/** A button of which only the second click counts. */
export function sureButton(text: string, click: () => void, kind = ''): HTMLButtonElement {
  const made = button(
    text,
    () => {
      if (made.textContent === text) made.textContent = 'Really?'
      else {
        made.textContent = text
        click()
      }
    },
    kind,
  )
  made.addEventListener('blur', () => (made.textContent = text))
  return made
}

/** A labelled input. */
export function field(label: string, attributes: Record<string, string>) {
  const input = element('input', { attributes })
  return { input, label: element('label', { text: label }, input) }
}

let whenLeft: (() => void) | undefined

/** Shows one screen, or none. `left` is called when another one, or none, takes its place. */
export function show(screen?: HTMLElement, left?: () => void): void {
  whenLeft?.()
  whenLeft = left
  const place = document.querySelector('#screen')!
  place.replaceChildren(...(screen ? [screen] : []))
}
