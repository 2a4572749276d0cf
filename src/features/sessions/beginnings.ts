// How a session begins: a place is held for it, its beginning is told, then its process runs.

import { PaidError } from '../../protocol/error.ts'
import type { HandlersFor } from '../../core/dispatch.ts'
import type { Peer } from '../../core/peer.ts'
import { aliveIn, hasTranscript } from './alive.ts'
import { type SessionsGround, timesOf } from './ground.ts'
import type { HeardMessages } from './heard/messages.ts'
import { createLive, type Live } from './live.ts'
import type { createLooking } from './looking.ts'
import { openMailbox } from './mailbox.ts'
import { createProgram } from './program.ts'
import { type Message, messageOf } from './queue.ts'
import { begun, find, fresh, idOfAlias, keyOf, type Managed, type Place } from './rows.ts'
import { folderFor, startProcess, toldOf } from './starting.ts'

export const createBeginnings = ({
  ground,
  running,
  looking,
  recovered,
  messages,
}: {
  ground: SessionsGround
  /** those that run, by `keyOf` */
  running: Map<string, Live>
  looking: ReturnType<typeof createLooking>
  /** what a killed daemon left is ended before */
  recovered: Promise<void> | undefined
  /** what waits for those that were started elsewhere */
  messages: Pick<HeardMessages, 'expireAll'>
}) => {
  const { log, clock, logger, settings, claudeFolder } = ground
  /** places that are taken by sessions that are about to run */
  const reserved = new Set<string>()
  const program = createProgram({ path: settings.claude, env: ground.env })
  let closed = false

  /** Holds a place for it until it runs; throws when there is none, or it has one. */
  const reserve = (place: Place): void => {
    if (closed) throw new PaidError('stopping')
    const key = keyOf(place)
    if (running.has(key) || reserved.has(key))
      throw new PaidError('session_running', `The session ${place.id} runs already`)
    if (running.size + reserved.size >= settings.max)
      throw new PaidError(
        'too_many_sessions',
        `Maximum session limit reached (${settings.max}). Cannot spawn new session.`,
      )
    reserved.add(key)
  }

  /** From its row to its process. Its beginning is told first, so that its end can be, whatever happens. */
  const begin = async (
    managed: Managed,
    { path, version }: { path: string; version: string },
    { type, data, resumed, prompt, cause }: Beginning,
  ): Promise<string | undefined> => {
    const key = keyOf(managed)
    let closeMailbox = (): void => {}
    const live = createLive({
      ground,
      managed,
      cause,
      times: timesOf(settings),
      onEnd: () => {
        closeMailbox()
        running.delete(key)
      },
    })
    if (managed.namespace === '')
      await messages.expireAll(managed.id, 'It did not read it before it was resumed by paid')
    await live.tellFirst({ type, data: { ...data, claude: version }, by: managed.by })
    running.set(key, live)
    reserved.delete(key)
    closeMailbox = openMailbox(ground, managed, live.send)
    try {
      live.attach(startProcess(path, managed, { resumed, cause, ground, take: live.take }))
    } catch (error) {
      await live.abandon(error instanceof Error ? error.message : String(error))
      throw error
    }
    logger.info('a session began', { session: managed.id, pid: managed.pid, directory: managed.directory })
    if (!prompt) return undefined
    await live.send(prompt)
    return prompt.id
  }

  const spawn = async (place: Place, given: SpawnParams, peer: Peer) => {
    const { prompt, directory, title, model, permissionMode, budgetUsd, alias, labels } = given
    const found = await program.find()
    const [known, namesake] = await log.read((reader) => [
      find(reader, place),
      alias === undefined ? undefined : idOfAlias(reader, place.namespace, alias),
    ])
    if (known)
      throw new PaidError('name_taken', `There is a session ${place.id} already`, 'Resume it instead.')
    if (namesake !== undefined)
      throw new PaidError('name_taken', `The session ${namesake} has the alias ${alias} already`)
    const managed: Managed = {
      ...place,
      ...fresh,
      directory: folderFor(directory, place.id, ground),
      title: title ?? null,
      model: model ?? null,
      permissionMode: permissionMode ?? null,
      budgetUsd: budgetUsd ?? (settings.budgetUsd || null),
      alias: alias ?? null,
      labels: labels ?? null,
      by: peer.by,
      startedAt: clock.now(),
    }
    const first = prompt === undefined ? undefined : messageOf(prompt, 'next-turn', peer)
    return await begin(managed, found, {
      type: 'session.spawned',
      data: toldOf(managed, prompt),
      resumed: false,
      prompt: first,
      cause: peer.cause,
    })
  }

  const resume = async (place: Place, prompt: string | undefined, peer: Peer) => {
    const found = await program.find()
    const [known, session] = await log.read((reader) => [
      find(reader, place),
      looking.get(reader, place.namespace, place.id),
    ])
    const resumed = hasTranscript(claudeFolder, known?.conversation ?? place.id)
    const elsewhere = place.namespace === '' && aliveIn(claudeFolder).get(known?.conversation ?? place.id)
    if (elsewhere)
      throw new PaidError(
        'session_running',
        `The session ${place.id} runs in process ${elsewhere.pid}`,
        'End it there first.',
      )
    if (!known && (!resumed || session?.folder === undefined))
      throw new PaidError(
        'not_available',
        `Claude Code has no conversation of ${place.id} to go on with`,
        'Begin a new one: `paid sessions spawn`.',
      )
    const directory = folderFor(known?.directory ?? session?.folder, place.id, ground)
    const before = known ?? { ...place, ...fresh, title: null, model: null, permissionMode: null }
    const managed: Managed = {
      alias: null,
      labels: null,
      budgetUsd: settings.budgetUsd || null,
      ...before,
      ...begun,
      directory,
      by: peer.by,
      startedAt: clock.now(),
    }
    const first = prompt === undefined ? undefined : messageOf(prompt, 'next-turn', peer)
    return await begin(managed, found, {
      type: 'session.resumed',
      data: { directory },
      resumed,
      prompt: first,
      cause: peer.cause,
    })
  }

  /** What begins a session, in a place that is held for it. */
  const inPlace = async (
    place: Place,
    work: () => Promise<string | undefined>,
  ): Promise<string | undefined> => {
    if (recovered) await recovered
    reserve(place)
    try {
      return await work()
    } finally {
      reserved.delete(keyOf(place))
    }
  }

  return {
    /** Resolves with the id of its first message, if it has one. */
    spawn: (place: Place, given: SpawnParams, peer: Peer): Promise<string | undefined> =>
      inPlace(place, () => spawn(place, given, peer)),
    resume: (place: Place, prompt: string | undefined, peer: Peer): Promise<string | undefined> =>
      inPlace(place, () => resume(place, prompt, peer)),
    /** Nothing begins any more. */
    close: (): void => {
      closed = true
    },
  }
}

/** How a session begins, as it is told. */
type Beginning = {
  type: string
  data: object
  resumed: boolean
  prompt: Message | undefined
  cause: string | undefined
}

type SpawnParams = Parameters<HandlersFor<'session'>['session.spawn']>[0]
