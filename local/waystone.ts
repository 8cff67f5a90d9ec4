// `npm run waystone`, and `waystone` in the folder of a game. The program is cli/main.ts, which is imported when
// it can be kept compiled.
import { keepCompiledCode } from './compiled-code.ts'

keepCompiledCode()
await import('./cli/main.ts')
