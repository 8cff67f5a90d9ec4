// The page runs under a policy that forbids making code from strings. Imported before anything that
// would try: zod has a setting against it, and Pixi gets its interpreted shader setup.
import * as z from 'zod'
import 'pixi.js/unsafe-eval'

z.config({ jitless: true })
