// A disk that is full: not another row fits into the database, until there is room again.

import { draftOf, type Engine } from './engine.ts'

export const fillDisk = async ({ database, log }: Engine): Promise<void> => {
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

export const freeDisk = ({ database }: Engine): void =>
  void database.query('PRAGMA max_page_count = 4294967294').get()
