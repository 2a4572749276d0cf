// The `post-commit` that is ours, as text. It runs the hook that was there before, with that hook's own name in `$0`
// (husky and others go by it), lets its output and exit code through, and then hands over the commit.
// Where the program is gone it does nothing more: a repository outlives an installation.

import { quoted } from '../self.ts'

export const hookName = 'post-commit'
/** where the hook that was there waits, in the same folder: what it finds beside itself is still beside it */
export const keptName = `${hookName}.before-paid`

const mark = '# paid:'

export type HookFacts = {
  /** the words that run this program */
  readonly command: readonly string[]
  readonly scope: 'repository' | 'global'
  /** how the kept hook is run; undefined when there was none */
  readonly kept: string | undefined
  /** the folder of hooks was missing, and goes when this goes */
  readonly madeFolder: boolean
}

export const isOurs = (text: string): boolean => text.split('\n', 2)[1]?.startsWith(mark) === true

/** What a text of ours says of itself. */
export const factsIn = (text: string): { program: string | undefined; madeFolder: boolean } => {
  const [, line = ''] = text.split('\n', 2)
  const program = /^tells=(.*)$/m.exec(text)?.[1]
  return {
    program: program?.replace(/^'(.*)'$/, '$1').replaceAll(`'\\''`, "'"),
    madeFolder: line.includes('in a folder made for it'),
  }
}

export const scriptOf = ({ command, scope, kept, madeFolder }: HookFacts): string => {
  const [program = '', ...words] = command
  const tell = ['"$tells"', ...words.map(quoted), 'hook', 'git', ...(scope === 'global' ? ['global'] : [])]
  return `#!/bin/sh
${mark} tells the daemon which commit was made${madeFolder ? ', in a folder made for it' : ''}. To take it out: paid hooks uninstall --git${scope === 'global' ? ' --global' : ''}
tells=${quoted(program)}
code=0
${kept === undefined ? '' : `if [ -x "\${0%/*}/${keptName}" ]; then\n  ${kept}\n  code=$?\nfi\n`}if [ -x "$tells" ]; then ${tell.join(' ')} </dev/null >/dev/null 2>&1; fi
exit $code
`
}

/** shells that read a script given to them by `.` as they read it when they are started with it */
const sourcing = /^#!\s*((?:\S*\/)?(?:env\s+)?(?:\S*\/)?(?:sh|dash|bash|ash)(?:\s+-[a-z]+)*)\s*$/

/** The command of a shell that runs a hook which begins so; `alias`: it is reached by a link, and may go by where that leads. */
export const runOf = (firstLine: string, alias: boolean): string => {
  const shell = alias ? undefined : sourcing.exec(firstLine)?.[1]
  return shell === undefined
    ? `"\${0%/*}/${keptName}" "$@"`
    : `${shell} -c '. "\${0%/*}/${keptName}"' "$0" "$@"`
}

/** hooks that git looks for by name, but for `post-commit`, and `push-to-checkout`: that one replaces what git does */
export const otherHooks = [
  'applypatch-msg',
  'commit-msg',
  'p4-changelist',
  'p4-post-changelist',
  'p4-pre-submit',
  'p4-prepare-changelist',
  'post-applypatch',
  'post-checkout',
  'post-index-change',
  'post-merge',
  'post-receive',
  'post-rewrite',
  'post-update',
  'pre-applypatch',
  'pre-auto-gc',
  'pre-commit',
  'pre-merge-commit',
  'pre-push',
  'pre-rebase',
  'pre-receive',
  'prepare-commit-msg',
  'proc-receive',
  'reference-transaction',
  'sendemail-validate',
  'update',
] as const

const findOwn = `d=\${GIT_DIR:-.git}
[ -d "$d" ] || d=$(git rev-parse --git-common-dir 2>/dev/null) || exit 0
if [ -f "$d/commondir" ]; then
  read -r c <"$d/commondir"
  case $c in /*) d=$c ;; *) d=$d/$c ;; esac
fi
own=$d/hooks/\${0##*/}
`

/** Runs the repository's own hook of that name: a global `core.hooksPath` makes git pass over it. */
export const repositoryHook = `#!/bin/sh
${mark} runs the repository's own hook of this name. To take it out: paid hooks uninstall --git --global
${findOwn}if [ -f "$own" ] && [ -x "$own" ]; then exec "$own" "$@"; fi
exit 0
`

/** The same for `post-commit`, and then hands over the commit, if the repository's own hook was not ours. */
export const globalScriptOf = (command: readonly string[]): string => {
  const [program = '', ...words] = command
  const tell = ['"$tells"', ...words.map(quoted), 'hook', 'git', 'global']
  return `#!/bin/sh
${mark} tells the daemon which commit was made. To take it out: paid hooks uninstall --git --global
tells=${quoted(program)}
code=0
${findOwn}if [ -f "$own" ] && [ -x "$own" ]; then
  { read -r l; read -r l; } <"$own"
  "$own" "$@"
  code=$?
  case $l in '${mark} '*) exit $code ;; esac
fi
if [ -x "$tells" ]; then ${tell.join(' ')} </dev/null >/dev/null 2>&1; fi
exit $code
`
}
