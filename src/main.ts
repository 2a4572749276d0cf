// The entry of the binary. `--version` and `hook` are answered from here: a hook runs once for each tool call of
// Claude Code and each commit, so nothing else may load before it. So are the two plain forms of `status`, which prompts and scripts
// ask all day: the command tree would cost them as much again. Everything else is cli/.

import { version } from './version.ts'

const words = process.argv.slice(2)
const [first, second] = words

if (first === '--version' || first === '-v') {
  console.log(`paid ${version}`)
} else if (first === 'hook' && second === 'git') {
  const { runGitHook } = await import('./cli/commands/git-hook.ts')
  process.exit(await runGitHook(words.slice(2)))
} else if (first === 'hook' && second !== '--help' && second !== '-h') {
  const { runHook } = await import('./cli/commands/hook.ts')
  process.exit(await runHook(words.slice(1)))
} else if (first === 'status' && (words.length === 1 || (words.length === 2 && second === '--json'))) {
  const [{ outcomeOf }, status] = await Promise.all([
    import('./cli/outcome.ts'),
    import('./cli/commands/status.ts'),
  ])
  process.exit(await outcomeOf(() => status.default({ json: second === '--json' })))
} else {
  const { run } = await import('./cli/cli.ts')
  process.exit(await run(words))
}
