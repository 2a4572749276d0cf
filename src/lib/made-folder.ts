// A folder that is to be there before something works in it. Promises: it is known within two seconds whether it is,
// also on a disk that does not answer, and nothing is made that nobody approved.

import { mkdir, stat } from 'node:fs/promises'
import { isAbsolute, resolve } from 'node:path'

const withinMs = 1500

export type Found = 'there' | 'missing' | { readonly fault: string }

const inTime = async (work: Promise<Found>): Promise<Found> => {
  const { promise, resolve } = Promise.withResolvers<Found>()
  const timer = setTimeout(() => resolve({ fault: 'its disk does not answer' }), withinMs)
  try {
    return await Promise.race([work, promise])
  } finally {
    clearTimeout(timer)
  }
}

const faultOf = (error: unknown): string =>
  error instanceof Error && 'code' in error ? String(error.code) : String(error)

const look = async (path: string): Promise<Found> => {
  try {
    return (await stat(path)).isDirectory() ? 'there' : { fault: 'it is no folder' }
  } catch (error) {
    const fault = faultOf(error)
    return fault === 'ENOENT' ? 'missing' : { fault }
  }
}

const make = async (path: string): Promise<Found> => {
  try {
    await mkdir(path, { recursive: true })
    return 'there'
  } catch (error) {
    return { fault: faultOf(error) }
  }
}

/** Whether the folder is there now. @param may make it, and those above it, when it is missing */
export const folderAt = async (given: string, may: boolean): Promise<Found> => {
  if (!isAbsolute(given) || given.includes('\0')) return { fault: 'it is no absolute path' }
  // what `..` leads past is neither needed nor made
  const path = resolve(given)
  const found = await inTime(look(path))
  return found === 'missing' && may ? await inTime(make(path)) : found
}
