// `npm start`: the whole world on one machine, until Ctrl-C. The program is start-main.ts, which is imported when
// it can be kept compiled.
import { keepCompiledCode } from './compiled-code.ts'

keepCompiledCode()
await import('./start-main.ts')
