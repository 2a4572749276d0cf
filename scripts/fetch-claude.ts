// Fetches the real Claude Code for the tests that drive it, into `.claude-cli/` (never committed, never a dependency:
// it is proprietary). Goes through the ordinary npm client, which verifies the tarball's integrity and follows the
// user's own npm settings. Does nothing when it is there already. Absent is a normal state, so every way of not
// getting it ends with one line and exit 0: the tests that need it skip and say so.

import { chmodSync, mkdtempSync, mkdirSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

const version = '2.1.329'
const name = `@anthropic-ai/claude-code-linux-x64@${version}`
const folder = join(import.meta.dir, '..', '.claude-cli')
const target = join(folder, 'claude')

/** What is installed at `path` says about itself, or nothing. */
const versionAt = async (path: string): Promise<string | undefined> => {
  if (!(await Bun.file(path).exists())) return undefined
  const run = Bun.spawnSync([path, '--version'], { stdin: 'ignore', stderr: 'ignore', timeout: 20_000 })
  return run.success ? run.stdout.toString().trim().split(' ')[0] : undefined
}

const fetchInto = (aside: string): string | undefined => {
  const bounded = { cwd: aside, stdin: 'ignore', stdout: 'pipe', stderr: 'pipe', timeout: 240_000 } as const
  const packed = Bun.spawnSync(['npm', 'pack', name, '--silent', '--fetch-retries=1'], bounded)
  if (!packed.success) return packed.stderr.toString().trim().split('\n')[0] || 'npm pack failed'
  const tarball = packed.stdout.toString().trim().split('\n').at(-1) ?? ''
  if (!Bun.which('tar')) return 'tar is not installed'
  const unpacked = Bun.spawnSync(['tar', '-xzf', tarball, 'package/claude'], bounded)
  if (!unpacked.success) return `tar: ${unpacked.stderr.toString().trim()}`
  chmodSync(join(aside, 'package', 'claude'), 0o755)
  renameSync(join(aside, 'package', 'claude'), target)
  return undefined
}

if (process.platform !== 'linux' || process.arch !== 'x64') {
  console.log(`Claude Code: not fetched, ${process.platform}-${process.arch} is not linux-x64`)
} else if (process.env['CLAUDE_BIN']) {
  console.log(`Claude Code: CLAUDE_BIN is set, nothing to fetch`)
} else if ((await versionAt(target)) === version) {
  console.log(`Claude Code: ${version} is there`)
} else {
  mkdirSync(folder, { recursive: true })
  const aside = mkdtempSync(join(folder, 'fetch-'))
  try {
    const trouble = Bun.which('npm') ? fetchInto(aside) : 'npm is not installed'
    console.log(trouble ? `Claude Code: not fetched, ${trouble}` : `Claude Code: ${version} fetched`)
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}
