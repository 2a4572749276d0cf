// THE CAPTURE ROOM: conversations that tools tell of message by message, kept, and written into their repository.
// Promises: what was answered is on disk and survives kill -9; a conversation is written once for each save, into the
// repository of its own folder and no other, without secrets and without the contents of excluded files; one that
// cannot be written stays active, and hinders no other. Whatever a tool says, the others are not disturbed.
// Refuses: what is no text where text belongs. A tool that the settings leave out gets an id, and nothing is kept.

import { randomBytes } from 'node:crypto'
import type { Captured, CaptureSettings } from '../protocol/capture.ts'
import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'
import { excluding } from '../lib/exclude.ts'
import type { HandlersFor } from '../core/dispatch.ts'
import { filterOf } from '../core/filter.ts'
import type { Ground } from '../core/ground.ts'
import { pageAfter } from '../core/query.ts'
import { type Active, channelOf, createActive, type Said, saidIn } from './capture/active.ts'
import { createAges } from './capture/ages.ts'
import { folderOf, ofFolder } from './capture/conversation.ts'
import { createSaves } from './capture/saves.ts'

export type Capture = { handlers: HandlersFor<'capture'>; begin: () => void; close: () => Promise<void> }

/** the author of what nobody asked for */
const ourselves = 'daemon:capture'
const idBytes = 8
/** how often conversations that nobody speaks in are looked for */
const cleanEveryMs = 60_000
/** bytes of what was said in one page of a list, about */
const listBytes = 8 * 1024 * 1024
/** at the end: those that are not begun by then stay as they are, in the log */
const savesAtEndMs = limits.stopMs / 2
/** conversations that are being saved: what was said in each is in memory */
const savesAtOnce = 4

export const createCapture = ({
  log,
  database,
  clock,
  logger,
  settings,
  umask,
}: Pick<Ground, 'log' | 'database' | 'clock' | 'logger'> & {
  /** as they are now */
  settings: () => CaptureSettings
  /** what the user's files leave out */
  umask: number
}): Capture => {
  const active = createActive(database)
  let cleaning: Timer | undefined

  const said = async (one: Active, upTo = Infinity): Promise<Said & { upTo: number }> => {
    const filter = filterOf(one.namespace, { channel: channelOf(one) })
    const all: Said = { messages: [], changes: [] }
    let at = one.startedSeq
    for (let more = true; more;) {
      const page = await log.read((reader) => pageAfter(reader, filter, at, limits.pageEvents))
      const events = page.events.filter(({ seq }) => seq <= upTo)
      const { messages, changes } = saidIn(events)
      all.messages.push(...messages)
      all.changes.push(...changes)
      at = events.at(-1)?.seq ?? at
      more = page.more && events.length === page.events.length
    }
    return { ...all, upTo: at }
  }

  const saves = createSaves({
    log,
    clock,
    active,
    said,
    umask,
    mask: () => settings().privacy.maskSensitiveData,
  })

  const tell = async (
    { namespace, by }: { namespace: string; by: string },
    session: string,
    type: 'message.added' | 'code.changed',
    data: object,
  ): Promise<{ stored: boolean }> => {
    let one = active.find(namespace, session)
    if (one?.leaving) {
      await one.leaving
      one = active.find(namespace, session)
    }
    if (!one) return { stored: false }
    one.pending++
    try {
      const channel = channelOf(one)
      const event = await log.append({ namespace, channel, type, by, dataText: JSON.stringify(data) })
      one.lastSeq = event.seq
      one.lastAt = event.at
    } finally {
      one.pending--
    }
    return { stored: true }
  }

  const shown = async (one: Active): Promise<Captured> => {
    const { messages, changes } = await said(one)
    const { id, tool, startedAt, metadata } = one
    return { id, ...(tool !== undefined && { tool }), startedAt, messages, changes, metadata }
  }

  const { isBusy } = saves
  const storage = () => settings().storage
  const { clean } = createAges({ log, clock, active, settings: storage, isBusy, by: ourselves })

  /** Saves several, a few at a time, as many as are begun within `ms`; `failed` holds why. */
  const saveAll = async (
    some: readonly Active[],
    how: Parameters<typeof saves.save>[1],
    ms = Infinity,
  ): Promise<{ saved: number; failed: unknown[]; left: number }> => {
    const waiting = some.values()
    const failed: unknown[] = []
    let saved = 0
    let left = some.length
    const until = performance.now() + ms
    const work = async (): Promise<void> => {
      for (const one of waiting) {
        if (performance.now() > until) return
        left--
        try {
          if ((await saves.save(one, how)).saved) saved++
        } catch (error) {
          logger.error('a captured conversation could not be saved', { session: one.id, error })
          failed.push(error)
        }
      }
    }
    await Promise.all(Array.from({ length: savesAtOnce }, work))
    return { saved, failed, left }
  }

  const orLog = (what: string, work: Promise<unknown>): Promise<unknown> =>
    work.catch((error: unknown) => logger.error(what, { error }))

  return {
    handlers: {
      'capture.start': async ({ tool, metadata }, { namespace, by }) => {
        const id = randomBytes(idBytes).toString('hex')
        const { enabled, tools } = settings().autoCapture
        if (!enabled || (tool !== undefined && tools[tool] === false)) {
          logger.info('a conversation is not captured: the settings leave it out', { tool })
          return { session: id, kept: false }
        }
        await clean()
        if (active.size >= limits.activeCaptures)
          throw new PaidError(
            'busy',
            `${limits.activeCaptures} captured conversations are active`,
            'Save some first.',
          )
        const text = JSON.stringify(metadata)
        if (text.length > limits.captureMetadataBytes)
          throw new PaidError('too_large', `metadata is longer than ${limits.captureMetadataBytes} bytes`)
        const folder = folderOf({ metadata })
        const data = {
          ...(tool !== undefined && { tool }),
          ...(folder !== undefined && { cwd: folder }),
          metadata,
        }
        const one = await log.commit((transaction): Active => {
          const { seq, at } = transaction.append({
            namespace,
            channel: channelOf({ id }),
            type: 'capture.started',
            by,
            dataText: JSON.stringify(data),
          })
          const started = { namespace, id, tool, metadata, startedAt: at, startedSeq: seq }
          const saved = { savedSeq: 0, save: undefined }
          const begun = { ...started, ...saved, lastSeq: seq, lastAt: at, pending: 0, leaving: undefined }
          active.insert(transaction.database, begun)
          return begun
        })
        active.keep(one)
        return { session: id, kept: true }
      },

      'capture.message': ({ session, role, content }, peer) =>
        tell(peer, session, 'message.added', { role, content }),

      'capture.change': ({ session, filePath, before, after }, peer) => {
        const withheld = excluding(settings().privacy.excludePatterns)(filePath)
        const data = withheld ? { filePath, withheld } : { filePath, before, after }
        return tell(peer, session, 'code.changed', data)
      },

      'capture.save': async ({ session, commit }, { namespace, by }) => {
        const one = active.find(namespace, session)
        return one ? await saves.save(one, { commit, by }) : { saved: false, reason: 'unknown' }
      },

      'capture.saveRepository': async ({ repository, commit }, { namespace, by }) => {
        const found = await ofFolder(active.of(namespace), repository)
        const { saved, failed } = await saveAll(found, { commit, by })
        // nothing was written: its caller learns why
        if (saved === 0 && failed.length > 0) throw failed[0]
        return { saved, failed: failed.length }
      },

      'capture.list': async ({ repository, after }, { namespace }) => {
        await clean()
        const all = active.of(namespace)
        const found = repository === undefined ? all : await ofFolder(all, repository)
        const from = after === undefined ? 0 : found.findIndex(({ id }) => id === after) + 1
        const sessions: Captured[] = []
        let bytes = 0
        for (const one of found.slice(from)) {
          const captured = await shown(one)
          bytes += JSON.stringify(captured).length
          if (sessions.length > 0 && bytes > listBytes) return { sessions, next: sessions.at(-1)?.id }
          sessions.push(captured)
        }
        return { sessions }
      },

      'capture.status': async (_params, { namespace }) => {
        await clean()
        const all = active.of(namespace)
        const folders = new Map<string, number>()
        for (const one of all) {
          const folder = folderOf(one) ?? 'unknown'
          folders.set(folder, (folders.get(folder) ?? 0) + 1)
        }
        return { active: all.length, folders: Object.fromEntries(folders), settings: settings() }
      },
    },

    /** Does again what the last run could not end, and looks after what is old from now on. */
    begin: () => {
      for (const one of active.all())
        if (one.save) void orLog('a save could not be done again', saves.resume(one, one.save, ourselves))
      cleaning = setInterval(() => {
        if (active.size > 0) void orLog('old conversations could not be ended', clean())
      }, cleanEveryMs)
      cleaning.unref()
    },

    /** Writes what was said since each was last saved; they stay active for the next run. */
    close: async () => {
      clearInterval(cleaning)
      const unsaved = active.all().filter(({ lastSeq, savedSeq }) => lastSeq > savedSeq)
      const how = { commit: undefined, by: ourselves, stays: true }
      const { left } = await saveAll(unsaved, how, savesAtEndMs)
      if (left > 0) logger.warn('conversations are left to be saved by the next run', { left })
    },
  }
}
