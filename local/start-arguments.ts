// The arguments of `npm start` and `npm run dev`: none but --help. Variables say what they do.
import { parseArgs } from 'node:util'
import { VARIABLES } from '#shared/config.ts'

/** Those that change what runs here. */
const shown = [
  'PORT',
  'HOST',
  'WAYSTONE_GAME',
  'WAYSTONE_DATA',
  'WAYSTONE_FLEET',
  'WAYSTONE_BOTS',
] as const

const variables = shown.map((name) => {
  const { about, ...rest } = VARIABLES[name]
  const value = 'default' in rest ? rest.default : '...'
  return `  ${`${name}=${value}`.padEnd(25)} ${about}`
})

const help = `Waystone on this machine, until Ctrl-C

  npm start      the whole world
  npm run dev    the same; it takes over code and content that change

Variables, in the environment or in .env, with their defaults:

${variables.join('\n')}

Every variable stands in .env.example.
`

/** Ends the process when it was given arguments. `command`: how the program is called. */
export function takeNoArguments(command: string): void {
  try {
    const options = { help: { type: 'boolean', short: 'h' } } as const
    if (!parseArgs({ options }).values.help) return
  } catch (error) {
    const wrong = (error as Error).message.split('.')[0]
    process.stderr.write(`${wrong}. See \`${command} -- --help\`.\n`)
    process.exit(2)
  }
  process.stdout.write(help)
  process.exit(0)
}
