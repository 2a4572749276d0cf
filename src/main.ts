// The entry of the binary. `--version` and `hook` are answered from here: a hook runs once for each tool call of
// Claude Code, so nothing else may load before it. Everything else is cli/.

import { version } from './version.ts'

const words = process.argv.slice(2)
const [first, second] = words

if (first === '--version' || first === '-v') {
  console.log(`paid ${version}`)
} else if (first === 'hook' && second !== '--help' && second !== '-h') {
  const { runHook } = await import('./cli/commands/hook.ts')
  process.exit(await runHook())
} else {
  const { run } = await import('./cli/cli.ts')
  process.exit(await run(words))
}
