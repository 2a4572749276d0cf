// `paid import [DIR]`: has the daemon keep old transcripts, and shows how it gets on: a bar on a terminal, a line now and
// then elsewhere.

import { statSync } from 'node:fs'
import { homedir } from 'node:os'
import { join, resolve } from 'node:path'
import type { Connection } from '../../client/connection.ts'
import type { ImportTotals } from '../../protocol/archive.ts'
import { PaidError } from '../../protocol/error.ts'
import { withDaemon } from '../home.ts'
import { momentOf } from '../moment.ts'
import { say, sayJson, tell } from '../output.ts'
import { visible } from '../visible.ts'
import { openProgress, type Progress } from './import/progress.ts'

type Asked = { dir: string | undefined; since: string | undefined; json: boolean }

const importTranscripts = async ({ dir, since, json }: Asked): Promise<number> => {
  const folder = resolve(
    dir ??
      join(process.env['CLAUDE_CONFIG_DIR'] || join(process.env['HOME'] || homedir(), '.claude'), 'projects'),
  )
  if (!statSync(folder, { throwIfNoEntry: false })?.isDirectory())
    throw new PaidError(
      'not_found',
      `There is no folder ${folder}`,
      dir === undefined
        ? 'Claude Code has written nothing yet; or name the folder: paid import DIR'
        : 'Name a folder of transcripts.',
    )
  const from = since === undefined ? undefined : momentOf(since, '--since')
  const totals = await withDaemon(async (daemon) => {
    const progress = openProgress()
    void follow(daemon, progress.show)
    try {
      return await daemon.call(
        'archive.import',
        { folder, ...(from !== undefined && { since: from }) },
        { timeoutMs: 0 },
      )
    } finally {
      progress.end()
    }
  })
  if (json) sayJson(totals)
  else tellTotals(totals)
  return totals.cancelled ? 1 : 0
}

export default importTranscripts

/** Until the connection ends. */
const follow = async (daemon: Connection, show: (progress: Progress) => void): Promise<void> => {
  try {
    const { subscription } = await daemon.call('event.subscribe', {
      channel: 'system:archive',
      type: 'archive.progress',
    })
    for (;;) {
      const delivery = await daemon.next(subscription)
      if (!('event' in delivery)) return
      show(delivery.event.data as Progress)
    }
  } catch {
    // an import goes on without being watched
  }
}

const count = (value: number, one: string): string =>
  `${value.toLocaleString('en-US')} ${one}${value === 1 ? '' : 's'}`

const tellTotals = (totals: ImportTotals): void => {
  const { files, sessions, messages, bytes, bad, badPlaces, unreadable, cancelled } = totals
  if (bytes === 0) say(`Nothing new in ${count(files, 'file')}.`)
  else
    say(
      `Kept ${count(messages, 'message')} of ${count(sessions, 'session')}, ${megabytes(bytes)} in ${count(files, 'file')}.`,
    )
  const kinds = Object.entries(bad)
  if (kinds.length > 0) {
    const sum = kinds.reduce((sum, [, each]) => sum + each, 0)
    tell(
      `${count(sum, 'line')} could not be read: ${kinds.map(([kind, each]) => `${each} ${kind}`).join(', ')}`,
    )
    for (const { path, offset, reason } of badPlaces) tell(`  ${visible(path)} at byte ${offset}: ${reason}`)
    if (sum > badPlaces.length) tell(`  and ${sum - badPlaces.length} more`)
  }
  for (const { path, reason } of unreadable) tell(`${visible(path)} could not be read: ${visible(reason)}`)
  if (cancelled) tell('It was ended before it was done; run it again to go on.')
}

const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`
