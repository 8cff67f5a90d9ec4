// `waystone/zod`: zod as the core has it, so that a game and the core share one copy and its types.
export * from 'zod'
