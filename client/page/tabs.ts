// A dialog with tabs, of which each asks the server for what it shows.
import { button, element } from './element.ts'
import { wordsOf } from './words.ts'

export type Tab = {
  title: string
  element: HTMLElement
  /** Asks the server and draws. Fails with ApiError. Answers how much waits for the player. */
  refresh(): Promise<number>
}

/** Does something, shows why not, and draws the tabs anew. */
export type Act = (what: () => Promise<unknown>) => void

export type Tabs = {
  dialog: HTMLDialogElement
  open(): void
  choose(tab: Tab): void
  refresh(): Promise<void>
  act: Act
}

export function createTabs(options: {
  label: string
  /** Makes them. What they do goes through `act`. */
  tabs: (act: Act) => readonly Tab[]
  /** Called before the tabs ask, and after they are drawn. */
  asking?: () => void
  asked?: () => void
  /** What a player reads for an error. */
  words?: (failure: unknown) => string
  /** How much waits in all tabs. */
  waiting?: (count: number) => void
}): Tabs {
  const { words = wordsOf } = options
  const error = element('p', { class: 'error', attributes: { role: 'alert' } })
  const tabs = options
    .tabs((what) => void act(what))
    .map((tab) => ({ tab, button: button(tab.title, () => choose(tab)), waiting: 0 }))
  let chosen = tabs[0]!.tab
  const dialog = element(
    'dialog',
    {
      class: `card tabs ${options.label.toLowerCase()}`,
      attributes: { 'aria-label': options.label },
    },
    element(
      'div',
      { class: 'row' },
      element('div', { class: 'choices' }, ...tabs.map((each) => each.button)),
      button('Close', () => dialog.close(), 'plain'),
    ),
    error,
    ...tabs.map(({ tab }) => tab.element),
  )
  document.body.append(dialog)
  // Keys typed here do not walk.
  dialog.addEventListener('keydown', (event) => event.stopPropagation())

  function choose(tab: Tab): void {
    chosen = tab
    error.textContent = ''
    void refresh()
  }

  /** Draws all tabs, so that each shows how much waits there. */
  async function refresh(): Promise<void> {
    for (const { tab, button: chooser } of tabs) {
      tab.element.hidden = tab !== chosen
      chooser.setAttribute('aria-pressed', String(tab === chosen))
    }
    options.asking?.()
    try {
      await Promise.all(
        tabs.map(async (each) => {
          each.waiting = await each.tab.refresh()
        }),
      )
    } catch (failure) {
      error.textContent = words(failure)
    }
    for (const { tab, button: chooser, waiting } of tabs) {
      chooser.textContent = waiting > 0 ? `${tab.title} (${waiting})` : tab.title
    }
    options.asked?.()
    options.waiting?.(tabs.reduce((sum, { waiting }) => sum + waiting, 0))
  }

  async function act(what: () => Promise<unknown>): Promise<void> {
    let why = ''
    error.textContent = ''
    try {
      await what()
    } catch (failure) {
      why = words(failure)
    }
    // It may have logged the player out.
    if (!dialog.isConnected) return
    await refresh()
    if (why === '') return
    error.textContent = why
    error.scrollIntoView({ block: 'nearest' })
  }

  return {
    dialog,
    open() {
      error.textContent = ''
      dialog.showModal()
      void refresh()
    },
    choose,
    refresh,
    act: (what) => void act(what),
  }
}
