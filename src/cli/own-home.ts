// Whose home it is, asked before anything is said to whoever listens there. It costs no start: no node:fs.

/** True also for one that is missing: then nobody listens in it. */
export const isOwnHome = async (home: string): Promise<boolean> => {
  try {
    const { uid, mode } = await Bun.file(home).stat()
    return uid === process.getuid?.() && (mode & 0o022) === 0
  } catch {
    return true
  }
}
