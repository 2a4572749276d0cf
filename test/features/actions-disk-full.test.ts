// A disk that is full: what cannot be noted does not run; how a run ended is told, and noted when there is room again.

import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { fillDisk, freeDisk } from '../support/full-disk.ts'
import { openActionsRoom, outcome } from '../support/actions-room.ts'

test('what cannot be noted does not run', async () => {
  await using room = openActionsRoom()
  const made = join(room.folder, 'made')
  await room.command('make', ['touch', made])
  await fillDisk(room.engine)
  expect(await outcome(room.run('make'))).toMatchObject({ code: 'storage_full' })
  expect(existsSync(made)).toBe(false)
  freeDisk(room.engine)
  expect(await room.run('make')).toMatchObject({ exitCode: 0 })
})

test('what has run is noted later, once; who waits is told how it ended, so that nobody does it again', async () => {
  await using room = openActionsRoom()
  await room.command('slow', ['sleep', '0.5'])
  await room.command('fails', ['sh', '-c', 'sleep 0.5; exit 3'])
  const running = room.run('slow')
  const failing = outcome(room.run('fails'))
  await Promise.all([room.told('slow', 'action.started'), room.told('fails', 'action.started')])
  await fillDisk(room.engine)
  expect(await running).toMatchObject({ exitCode: 0 })
  expect(await failing).toMatchObject({ code: 'action_failed' })
  freeDisk(room.engine)
  await room.told('fails', 'action.failed')
  await room.told('slow', 'action.finished')
  expect(room.eventsOf('slow').map(({ type }) => type)).toEqual([
    'action.added',
    'action.started',
    'action.finished',
  ])
  expect(room.engine.reader.query('SELECT * FROM action_runs').all()).toEqual([])
})
