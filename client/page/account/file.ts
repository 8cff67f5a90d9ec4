import { element } from '../element.ts'

/** Has the browser save a file. */
export function saveFile(name: string, type: string, text: string): void {
  const address = URL.createObjectURL(new Blob([text], { type }))
  element('a', { attributes: { href: address, download: name } }).click()
  URL.revokeObjectURL(address)
}
