// A disk that is full: what cannot be noted does not run, and what has run is noted when there is room again.

import { expect, test } from 'bun:test'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { draftOf } from '../support/engine.ts'
import { openActionsRoom, outcome } from '../support/actions-room.ts'

type Room = ReturnType<typeof openActionsRoom>

/** Not another row fits into the database until `free`. */
const fill = async ({ engine }: Room): Promise<void> => {
  const { database, log } = engine
  const pages = Number(database.query('PRAGMA page_count').values()[0]?.[0])
  database.query(`PRAGMA max_page_count = ${pages}`).get()
  for (const size of [1000, 10])
    while (
      await log.append(draftOf({ dataText: JSON.stringify('x'.repeat(size)) })).then(
        () => true,
        () => false,
      )
    );
}

const free = ({ engine }: Room): void =>
  void engine.database.query('PRAGMA max_page_count = 4294967294').get()

test('what cannot be noted does not run', async () => {
  await using room = openActionsRoom()
  const made = join(room.folder, 'made')
  await room.command('make', ['touch', made])
  await fill(room)
  expect(await outcome(room.run('make'))).toMatchObject({ code: 'storage_full' })
  expect(existsSync(made)).toBe(false)
  free(room)
  expect(await room.run('make')).toMatchObject({ exitCode: 0 })
})

test('what has run is noted later, once; who waits is told that it is not', async () => {
  await using room = openActionsRoom()
  await room.command('slow', ['sleep', '0.5'])
  const running = outcome(room.run('slow'))
  await room.told('slow', 'action.started')
  await fill(room)
  expect(await running).toMatchObject({ code: 'storage_full' })
  free(room)
  await room.told('slow', 'action.finished')
  expect(room.eventsOf('slow').map(({ type }) => type)).toEqual([
    'action.added',
    'action.started',
    'action.finished',
  ])
  expect(room.engine.reader.query('SELECT * FROM action_runs').all()).toEqual([])
})
