// A realm as CloudFormation gets it, without bundles: what functions carry is not under test here.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { App, Validations } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { AwsSolutionsChecks } from 'cdk-nag'
import { functionsOf } from '#cdk/bundles.ts'
import { defineRealm } from '#cdk/realm.ts'
import { readSettings } from '#cdk/settings.ts'
import { domains } from '#functions/domains.ts'
import type { DomainRecord } from '#functions/http/record.ts'

export type Resource = {
  Type: string
  Properties?: Record<string, unknown>
  DeletionPolicy?: string
  DependsOn?: string[]
}
export type Template = { Resources: Record<string, Resource>; Outputs?: Record<string, unknown> }
export type Stacks = Record<'data' | 'api' | 'zones', Template>

/**
 * Throws when cdk-nag finds what is not acknowledged. `validate`: CDK holds the templates against the schemas of
 * CloudFormation as well, which takes 2 s; stacks.test.ts has all of it done.
 */
export function synthRealm(
  context: Record<string, string> = {},
  records: readonly DomainRecord[] = domains,
  validate = true,
): { stacks: Stacks; app: App } {
  const outdir = mkdtempSync(path.join(tmpdir(), 'waystone-cdk-'))
  try {
    const app = new App({
      outdir: path.join(outdir, 'out'),
      context,
      analyticsReporting: false,
      builtinCloudFormationValidation: validate,
    })
    const settings = readSettings(app)
    const functions = functionsOf(settings.bundling, records)
    const made = defineRealm(app, settings, functions, () => Code.fromInline('// nothing'))
    Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
    const assembly = app.synth()
    const template = (stack: keyof Stacks) =>
      assembly.getStackByName(made[stack].stackName).template as Template
    const stacks = { data: template('data'), api: template('api'), zones: template('zones') }
    return { app, stacks }
  } finally {
    rmSync(outdir, { recursive: true })
  }
}
