// Fields for what opens an account.
import { passwordMinLength } from '#shared/limits.ts'
import { field } from '../element.ts'
import { passwordHint } from '../words.ts'

/** A field for a new password. */
export function newPassword(name: string) {
  return field(`New password. ${passwordHint}`, {
    name,
    type: 'password',
    autocomplete: 'new-password',
    minlength: String(passwordMinLength),
    required: '',
  })
}

/** A field for the password that holds. */
export function presentPassword(name: string) {
  return field('Password', {
    name,
    type: 'password',
    autocomplete: 'current-password',
    required: '',
  })
}

/** A field for a code. Recovery codes have letters, so it asks for no keyboard of digits. */
export function codeField(name: string) {
  return field('Code', {
    name,
    autocomplete: 'one-time-code',
    autocapitalize: 'characters',
    spellcheck: 'false',
    minlength: '6',
    maxlength: '40',
    required: '',
  })
}
