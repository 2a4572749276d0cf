// Commits that were made, each once, and what is still to be done about them: `made` waits for its link, `linked` for
// its files, `done` for nothing. A save is fixed here before it is written, so that it is the same when done again.

import type { Database } from 'bun:sqlite'

export const commits = (database: Database): void => {
  database.run(`CREATE TABLE commits (
    repository TEXT NOT NULL,
    sha TEXT NOT NULL,
    folder TEXT NOT NULL,
    made_at INTEGER NOT NULL,
    session TEXT,
    copy_of TEXT,
    installed TEXT NOT NULL,
    state TEXT NOT NULL,
    link TEXT NOT NULL,
    sessions TEXT NOT NULL,
    saves TEXT NOT NULL,
    cause TEXT,
    PRIMARY KEY (repository, sha)
  ) STRICT, WITHOUT ROWID`)
  database.run('CREATE INDEX commits_made ON commits (made_at)')
  database.run("CREATE INDEX commits_open ON commits (made_at) WHERE state <> 'done'")
}
