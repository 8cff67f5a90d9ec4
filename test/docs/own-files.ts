/** Whether a guide that names this file means one in a folder of one's own; else it lies in this tree. */
export function isOwnFile(file: string): boolean {
  return /^(?:[\w-]+\.ts|content\/.+|test\/[\w-]+\.test\.ts)$/.test(file)
}
