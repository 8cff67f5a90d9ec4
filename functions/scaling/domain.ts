import { scaling } from '#shared/api/scaling.ts'
import { createLiveness } from '#shared/ownership/liveness.ts'
import { defineDomain } from '../http/record.ts'
import { createDemand } from './demand.ts'
import { scalingRoutes } from './routes.ts'

export const domain = defineDomain({
  name: 'scaling',
  module: import.meta.filename,
  group: 'utility',
  needs: ['content', 'scaling'],
  declaration: scaling,
  handlers: ({ store, runtime, log, content: { content }, scaling: { hashes } }) => {
    const demand = createDemand({ store, runtime, content, isLive: createLiveness() })
    return scalingRoutes({ content, demand, hashes, log })
  },
  personal: { none: 'It reads how full instances are.' },
  rows: [{ table: 'volatile', partition: 'R#{realm}#Z#*', actions: ['Query'] }],
})
