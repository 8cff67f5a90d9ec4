// All stacks of a realm.
import type { App, Stack } from 'aws-cdk-lib'
import type { Code } from 'aws-cdk-lib/aws-lambda'
import type { DomainRecord } from '#functions/http/record.ts'
import { defineAlarms } from './alarms.ts'
import { defineApi } from './api.ts'
import { defineData } from './data.ts'
import { defineZoneRole } from './roles.ts'
import type { Settings } from './settings.ts'

/** `functions`: the domains of each, by its name. `codeOf` returns the code of a function. */
export function defineRealm(
  app: App,
  settings: Settings,
  functions: ReadonlyMap<string, readonly DomainRecord[]>,
  codeOf: (name: string) => Code,
): Record<'data' | 'api' | 'zones', Stack> {
  const data = defineData(app, settings)
  const api = defineApi(app, { settings, data, functions, codeOf })
  defineAlarms(settings, data, api)
  return {
    data: data.stack,
    api: api.stack,
    zones: defineZoneRole(app, settings, data, api.sockets),
  }
}
