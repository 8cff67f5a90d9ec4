// Where Node keeps the code that it has compiled, our TypeScript without its types included. A start that finds
// it there takes half the time, a zone host a third. Where the folder cannot be written, Node does without.
import { enableCompileCache } from 'node:module'
import { fileURLToPath } from 'node:url'

/** For the environment of a child process: NODE_COMPILE_CACHE. */
export const compiledCode = fileURLToPath(
  new URL('../node_modules/.cache/waystone/', import.meta.url),
)

/** For this process alone, and for what it imports from now on. It is written when the process ends. */
export function keepCompiledCode(): void {
  enableCompileCache(compiledCode)
}
