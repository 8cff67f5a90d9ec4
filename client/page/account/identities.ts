// The tab of sign-ins by other services: which are linked, one more, one less.
import { ApiError } from '#shared/api/client.ts'
import { beginSignIn } from '../../library/provider-sign-in.ts'
import type { Returned } from '../../library/provider-sign-in.ts'
import { dayOf } from '../countdown.ts'
import { element, sureButton } from '../element.ts'
import { sendForm } from '../form.ts'
import { line, section } from '../lines.ts'
import type { Tab } from '../tabs.ts'
import { words } from '../words.ts'
import type { AccountContext, Ways } from './context.ts'
import { presentPassword } from './fields.ts'
import { returnTo } from './provider.ts'

export function identitiesTab(context: AccountContext): Tab {
  const { session, tabStore, act, overview, ways } = context
  const waiting = element('div')
  const list = element('div')
  let { returned } = context

  const begin = async (provider: string) => {
    const linkTo = session.account?.accountId
    const to = { provider, returnTo, ...(linkTo === undefined ? {} : { linkTo }) }
    location.assign(await beginSignIn(session.api, tabStore, to))
  }

  const link = async ({ provider, proof }: Returned, password?: string) => {
    if (proof === undefined) return
    try {
      await session.link(provider, proof, password)
    } catch (failure) {
      if (failure instanceof ApiError && !providerWasAsked(failure.code)) throw failure
      returned = undefined
      throw failure
    }
    returned = undefined
  }

  /** Asks for the password, where there is one, before what a sign-in has brought back is linked. */
  function drawReturned(loginName: string | undefined, title: string): void {
    if (returned === undefined) return waiting.replaceChildren()
    if (waiting.hasChildNodes()) return
    const what = returned
    if (what.proof === undefined) {
      returned = undefined
      return waiting.replaceChildren(
        element('p', { class: 'error', text: words('auth.provider_refused') }),
      )
    }
    const password = presentPassword('linkPassword')
    const named = loginName !== undefined
    const { form } = sendForm({
      parts: named ? [password.label] : [],
      submit: `Link ${title}`,
      act,
      send: async () => await link(what, named ? password.input.value : undefined),
    })
    waiting.replaceChildren(element('p', { text: `Link this sign-in by ${title}?` }), form)
  }

  const offer = ({ provider, title, kind }: Ways['providers'][number]) =>
    kind === 'redirect'
      ? line(title, '', [{ label: 'Link', of: title, choose: () => act(() => begin(provider)) }])
      : line(title, "Link it in the game's client of this service", [])

  return {
    title: 'Sign-ins',
    element: element('div', {}, waiting, list),
    async refresh() {
      const [{ identities, loginName }, { providers }] = await Promise.all([overview(), ways()])
      const titleOf = (name: string) =>
        providers.find(({ provider }) => provider === name)?.title ?? name
      drawReturned(loginName, titleOf(returned?.provider ?? ''))
      const linked = identities.map(({ provider, linkedAt }) => {
        const row = line(titleOf(provider), `Linked on ${dayOf(linkedAt)}`, [])
        const unlink = sureButton('Unlink', () =>
          act(() => session.api.auth.unlink({ params: { provider } })),
        )
        unlink.setAttribute('aria-description', titleOf(provider))
        row.append(unlink)
        return row
      })
      const others = providers.filter(
        ({ provider }) => !identities.some((one) => one.provider === provider),
      )
      const drawn = [...section('Linked', linked), ...section('Others', others.map(offer))]
      const none = element('p', { text: 'This server knows no other services to sign in by.' })
      list.replaceChildren(...(drawn.length > 0 ? drawn : [none]))
      return 0
    },
  }
}

/** It takes a proof once. Where it was not asked yet, another try is of use. */
function providerWasAsked(code: string): boolean {
  return !['auth.invalid_credentials', 'auth.busy', 'request.rate_limited'].includes(code)
}
