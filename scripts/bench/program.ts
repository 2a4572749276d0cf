// A program that measures: its options are JSON in its first argument, what it found is JSON on stdout. Whatever goes
// wrong anywhere, also outside of what is awaited, ends it with what was wrong on stderr.

export const failure = Promise.withResolvers<never>()

export const tell = async (found: Promise<unknown>): Promise<never> => {
  try {
    console.log(JSON.stringify(await Promise.race([found, failure.promise])))
    process.exit(0)
  } catch (error) {
    console.error(error instanceof Error ? error.message : String(error))
    process.exit(1)
  }
}
