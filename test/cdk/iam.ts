// As much of IAM as our roles use: statements that allow actions on a resource, with conditions on the
// partition of a row and on the encryption context of KMS.
import type { Use } from '../functions/lambda-aws.ts'
import type { Template } from './synth.ts'

export type Statement = {
  Effect: string
  Action: string | string[]
  Resource: unknown
  Condition?: Record<string, Record<string, string | string[]>>
}

/** The statements of a role, by the first part of its logical id: `auth-role` is `authrole…`. */
export function statementsOf(template: Template, role: string): Statement[] {
  const id = role.replaceAll('-', '')
  const found = Object.entries(template.Resources).find(
    ([name, { Type }]) => Type === 'AWS::IAM::Role' && name.slice(0, -8) === id,
  )
  if (found === undefined) throw new Error(`there is no role ${role}`)
  const policies = found[1].Properties?.['Policies'] as {
    PolicyDocument: { Statement: Statement[] }
  }[]
  const attached = (found[1].Properties?.['ManagedPolicyArns'] ?? []) as { Ref?: string }[]
  const shared = attached.flatMap(({ Ref }) => {
    const policy = Ref === undefined ? undefined : template.Resources[Ref]?.Properties
    return (policy?.['PolicyDocument'] as { Statement: Statement[] } | undefined)?.Statement ?? []
  })
  return [...policies.flatMap(({ PolicyDocument }) => PolicyDocument.Statement), ...shared]
}

/** Which statement allows it; undefined when none does. */
export function allowedBy(statements: Statement[], use: Use): Statement | undefined {
  return statements.find(
    (statement) =>
      statement.Effect === 'Allow' &&
      [statement.Action].flat().includes(use.action) &&
      [statement.Resource].flat().some((resource) => nameOf(resource) === use.resource) &&
      conditionsHold(statement, use),
  )
}

function conditionsHold({ Condition: conditions = {} }: Statement, use: Use): boolean {
  return Object.entries(conditions).every(([operator, keys]) =>
    Object.entries(keys).every(([key, wanted]) => {
      const given =
        key === 'dynamodb:LeadingKeys'
          ? use.partition
          : use.context?.[key.replace('kms:EncryptionContext:', '')]
      if (given === undefined) return false
      return [wanted].flat().some((pattern) => {
        if (operator === 'StringEquals') return pattern === given
        if (operator === 'ForAllValues:StringLike') return like(pattern).test(given)
        throw new Error(`the condition ${operator} is not known here`)
      })
    }),
  )
}

/** `*` stands for any text. */
export function like(pattern: string): RegExp {
  const literal = (text: string) => text.replace(/[.+?^${}()|[\]\\]/g, '\\$&')
  return new RegExp(`^${pattern.split('*').map(literal).join('.*')}$`)
}

/** `{"Fn::ImportValue": "…-data:ExportsOutputFnGetAttcoreE83F2297ArnA4643FC5"}` is `core`. */
function nameOf(resource: unknown): string | undefined {
  const [, method] = /\/(POST|DELETE)\/@connections\/\*/.exec(JSON.stringify(resource)) ?? []
  if (method !== undefined) return `sockets ${method}`
  // An identity of SES, by its address.
  const identity = /identity\/([^"]+)/.exec(JSON.stringify(resource))?.[1]
  if (identity !== undefined) return identity
  const imported = (resource as Record<string, unknown>)['Fn::ImportValue']
  if (typeof imported !== 'string') return undefined
  return /Output(?:Ref|FnGetAtt)([a-z]+)[0-9A-F]{8}/.exec(imported)?.[1]
}
