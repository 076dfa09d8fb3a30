// Why: `npm pack` and an install from git need dist/ made, and nothing of the system's.
//
//   node scripts/compile.mjs [lib|test|bench|examples]...
import { compile } from './setup/typescript.mjs'
import { fail } from './setup/say.mjs'

try {
  await compile(process.argv.length > 2 ? process.argv.slice(2) : undefined)
} catch (error) {
  fail(error)
}
