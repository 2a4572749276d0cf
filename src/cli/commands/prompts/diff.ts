// `paid prompts diff ID`: what a conversation changed, file by file, each change as a unified diff.

import { relative } from 'node:path'
import type { FileChange } from '../../../protocol/prompts.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson, tell } from '../../output.ts'
import { minuteOf } from '../../session-words.ts'
import { visible } from '../../visible.ts'
import { paint } from '../sessions/show.ts'
import { sessionMeant } from './id.ts'

const diff = ({ id: typed, json }: { id: string; json: boolean }): Promise<void> =>
  withDaemon(async (daemon) => {
    const id = sessionMeant(typed)
    const all: FileChange[] = []
    for (let after: number | undefined; ;) {
      const page = await daemon.call(
        'prompt.diff',
        { session: id, ...(after !== undefined && { after }) },
        { timeoutMs: 120_000 },
      )
      all.push(...page.changes)
      if (page.next !== undefined) {
        after = page.next
        continue
      }
      const files = [...Map.groupBy(all, ({ path }) => path)].map(([path, changes]) => ({ path, changes }))
      if (json) return sayJson({ session: page.session, files })
      if (files.length === 0) return tell('It changed no file.')
      for (const { path, changes } of files)
        for (const change of changes)
          for (const line of changeLines(path, change, page.session.folder)) say(line)
      return
    }
  })

export default diff

const changeLines = (path: string, change: FileChange, folder: string | undefined): string[] => {
  const { at, tool, kind, added, removed, patch } = change
  const name = nameOf(path, folder)
  const head = `# ${minuteOf(at)}  ${tool ?? kind}  ${name}  +${added} -${removed}${noteOf(change)}`
  if (patch === '') return [paint(2, shown(head)), '']
  return [
    paint(2, shown(head)),
    paint(1, shown(`--- ${patch.startsWith('@@ -0,0 ') && !change.part ? '/dev/null' : `a/${name}`}`)),
    paint(1, shown(`+++ b/${name}`)),
    ...patch.trimEnd().split('\n').map(lineOf),
    '',
  ]
}

const noteOf = ({ withheld, damaged, part, patch }: FileChange): string => {
  if (withheld) return '  (the file is excluded: nothing of it was kept)'
  if (damaged) return '  (damaged: see `paid archive verify`)'
  if (patch === '') return '  (nothing changed)'
  return part ? '  (only the exchanged texts are known: lines are counted from their first)' : ''
}

/** Below the session's folder as it is called from there. */
const nameOf = (path: string, folder: string | undefined): string => {
  const below = folder === undefined ? path : relative(folder, path)
  return below === '' || below.startsWith('..') ? path.replace(/^\//, '') : below
}

const colours: Record<string, number> = { '+': 32, '-': 31, '@': 36 }

const lineOf = (line: string): string => {
  const colour = colours[line.charAt(0)]
  return colour === undefined ? shown(line) : paint(colour, shown(line))
}

/** A tab is one; everything else that one would not see is shown. */
const shown = (line: string): string => line.split('\t').map(visible).join('\t')
