// Which of SQLite's errors mean that the file itself cannot be written: then the transaction as a whole is gone, and
// every write in it must be refused.

const storageErrors = [
  'SQLITE_FULL',
  'SQLITE_IOERR',
  'SQLITE_CORRUPT',
  'SQLITE_NOMEM',
  'SQLITE_READONLY',
  'SQLITE_CANTOPEN',
  'SQLITE_BUSY',
  'SQLITE_NOTADB',
]

/** Whether an error means that the file cannot be written, so that the transaction as a whole is gone. */
export const isStorageError = (error: unknown): boolean =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  storageErrors.some((code) => String(error.code).startsWith(code))
