// What a linter of Dockerfiles would say, as far as it matters to us, and where a Dockerfile must agree with
// the rest of the project.
type Instruction = { line: number; name: string; rest: string }

/** One sentence a mistake, with its line. `nodeVersion` is the Node that the tests run on. */
export function checkDockerfile(text: string, nodeVersion: string): string[] {
  const problems: string[] = []
  const instructions = parse(text)
  const say = ({ line, name }: Instruction, problem: string) =>
    problems.push(`line ${line}: ${name}: ${problem}`)
  const defaults = new Map<string, string>()
  const stages = new Set<string>()
  for (const instruction of instructions) {
    const { name, rest } = instruction
    if (name === 'ARG') {
      const [key = '', value = ''] = rest.split('=', 2)
      defaults.set(`\${${key}}`, value)
    }
    if (name === 'FROM') {
      const [image = '', , stage] = rest.split(/\s+/)
      const real = defaults.get(image) ?? image
      const tag = /:([^/]+)$/.exec(real)?.[1]
      if (!stages.has(real) && (tag === undefined || tag === 'latest')) {
        say(instruction, `${real} must have a tag that is not latest`)
      }
      if (real.startsWith('node:') && !tag?.startsWith(`${nodeVersion}-`)) {
        say(instruction, `must be Node ${nodeVersion}, which the tests run on`)
      }
      if (stage !== undefined) stages.add(stage)
    }
    if (name === 'ADD') say(instruction, 'use COPY, which neither unpacks nor fetches')
    if (['RUN', 'CMD', 'ENTRYPOINT'].includes(name) && !isExec(rest)) {
      say(instruction, 'must be a JSON list, so that no shell stands between')
    }
    if (name === 'HEALTHCHECK' && rest !== 'NONE' && !isExec(/CMD (.*)$/.exec(rest)?.[1] ?? '')) {
      say(instruction, 'must be a JSON list: there is no shell in the image')
    }
    if (name === 'WORKDIR' && !rest.startsWith('/')) say(instruction, 'must be absolute')
    if (name === 'ENV' && /TOKEN|SECRET|PASSWORD|KEY/.test(rest)) {
      say(instruction, 'a secret would lie in the image')
    }
  }
  const last = instructions.findLastIndex(({ name }) => name === 'FROM')
  const final = instructions.slice(last)
  const only = (name: string) => final.filter((each) => each.name === name)
  const user = only('USER').at(-1)
  if (user === undefined) problems.push('USER: the last stage must have one')
  else if (!/^[1-9]\d*(:[1-9]\d*)?$/.test(user.rest)) {
    say(user, 'must be a number above 0: Kubernetes does not know from a name that it is not root')
  }
  if (only('ENTRYPOINT').length !== 1) problems.push('ENTRYPOINT: the last stage must have one')
  if (only('STOPSIGNAL')[0]?.rest !== 'SIGTERM') problems.push('STOPSIGNAL: must be SIGTERM')
  if (only('RUN').length > 0) say(only('RUN')[0]!, 'there is nothing to run it in the last stage')
  for (const copy of only('COPY')) {
    if (!copy.rest.startsWith('--from=')) say(copy, 'the last stage carries what was built alone')
  }
  return problems
}

function isExec(text: string): boolean {
  try {
    const value: unknown = JSON.parse(text)
    return Array.isArray(value) && value.every((part) => typeof part === 'string')
  } catch {
    return false
  }
}

/** Instructions with their lines; comments and blank lines away, continued lines as one. */
function parse(text: string): Instruction[] {
  const instructions: Instruction[] = []
  let open = ''
  let begun = 0
  text.split('\n').forEach((line, index) => {
    if (/^\s*(#|$)/.test(line)) return
    if (open === '') begun = index + 1
    open += line
    if (open.endsWith('\\')) {
      open = `${open.slice(0, -1)} `
      return
    }
    const [, name = '', rest = ''] = /^\s*(\w+)\s+(.*)$/.exec(open) ?? []
    instructions.push({ line: begun, name: name.toUpperCase(), rest: rest.trim() })
    open = ''
  })
  return instructions
}
