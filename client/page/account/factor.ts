// The tab of the second factor: an authenticator is set up, recovery codes are shown once, it is switched off.
import { button, element } from '../element.ts'
import { sendForm } from '../form.ts'
import type { Tab } from '../tabs.ts'
import type { AccountContext } from './context.ts'
import { codeField, presentPassword } from './fields.ts'
import { saveFile } from './file.ts'

import { factorWords } from './words.ts'

export function factorTab({ session, act, overview }: AccountContext): Tab {
  const { auth } = session.api
  const status = element('p', { attributes: { role: 'status' } })
  /** The secret while no code has confirmed it; the recovery codes until the player has kept them. */
  const shown = element('div')

  const password = presentPassword('factorPassword')
  const { form: setUp } = sendForm({
    parts: [password.label],
    submit: 'Set up an authenticator',
    act,
    async send() {
      const enrolled = await auth.enrolSecondFactor({ body: { password: password.input.value } })
      showSecret(enrolled)
    },
  })

  const off = codeField('offCode')
  const { form: switchOff } = sendForm({
    parts: [off.label],
    submit: 'Switch it off',
    act,
    send: async () => await auth.disableSecondFactor({ body: { code: off.input.value.trim() } }),
  })

  const leave = () => act(async () => shown.replaceChildren())

  function showSecret({ secret, uri }: { secret: string; uri: string }): void {
    const code = codeField('confirmCode')
    const { form } = sendForm({
      parts: [code.label],
      submit: 'Switch it on',
      act,
      async send() {
        const body = { code: code.input.value.trim() }
        const { recoveryCodes } = await auth.confirmSecondFactor({ body })
        showCodes(recoveryCodes)
      },
    })
    shown.replaceChildren(
      element('p', {
        text: 'Give this secret to your authenticator. Then enter the code it shows.',
      }),
      element('pre', {
        text: secret.replaceAll(/.{4}(?=.)/g, '$& '),
        attributes: { id: 'secret', 'aria-label': 'Secret' },
      }),
      element('a', { text: 'Open an authenticator on this device', attributes: { href: uri } }),
      element('pre', { text: uri, attributes: { 'aria-label': 'Address for authenticators' } }),
      form,
      button('Cancel', leave, 'plain'),
    )
    code.input.focus()
  }

  function showCodes(codes: readonly string[]): void {
    const text = codes.join('\n')
    shown.replaceChildren(
      element('p', {
        class: 'hint',
        text:
          'Keep these recovery codes. They are shown only now. Each opens the account once, if your ' +
          'authenticator is lost.',
      }),
      element('pre', {
        text,
        attributes: { id: 'recovery-codes', 'aria-label': 'Recovery codes' },
      }),
      element(
        'div',
        { class: 'choices' },
        button('Save as a file', () => saveFile('recovery-codes.txt', 'text/plain', `${text}\n`)),
        button('I have kept them', leave, 'main'),
      ),
    )
  }

  return {
    title: 'Codes',
    element: element('div', {}, status, shown, setUp, switchOff),
    async refresh() {
      const account = await overview()
      const { on } = account.secondFactor
      status.textContent = factorWords(account)
      setUp.hidden = on || account.loginName === undefined || shown.hasChildNodes()
      switchOff.hidden = !on || shown.hasChildNodes()
      return 0
    },
  }
}
