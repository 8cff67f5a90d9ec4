// The program of `npm run synth`, `deploy` and `destroy`: it bundles the functions, then defines the stacks
// for CDK. It asks AWS nothing: account and region come from the environment of the person who deploys.
import path from 'node:path'
import { App, Validations } from 'aws-cdk-lib'
import { Code } from 'aws-cdk-lib/aws-lambda'
import { AwsSolutionsChecks } from 'cdk-nag'
import { domains } from '#functions/domains.ts'
import { buildBundles, functionsOf } from './bundles.ts'
import { defineRealm } from './realm.ts'
import { readSettings } from './settings.ts'

const app = new App()
const settings = readSettings(app)
const into = path.resolve('dist', 'lambda')
const functions = functionsOf(settings.bundling, domains)
const fleet = settings.gameliftFleets === undefined ? 'agones' : 'gamelift'
const folders = await buildBundles(functions, into, fleet)
defineRealm(app, settings, functions, (name) => Code.fromAsset(folders.get(name)!))
Validations.of(app).addPlugins(new AwsSolutionsChecks(app))
app.synth()
