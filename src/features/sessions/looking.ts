// Sessions as callers see them: what was heard of each, and what is known of those that were started here.

import type { Database } from 'bun:sqlite'
import { PaidError } from '../../protocol/error.ts'
import type { Session, SessionStatus } from '../../protocol/sessions.ts'
import { type Alive, aliveIn } from './alive.ts'
import { type createHeard, hasEnded, type Heard } from './heard.ts'
import type { HeardPermissions } from './heard/permissions.ts'
import type { Live } from './live.ts'
import { conversations } from './conversations.ts'
import { find, idOfAlias, isOver, shownOf } from './rows.ts'

/** least of an id that may stand for all of it */
const leastStart = 4

type Wanted = { limit: number; status?: SessionStatus | undefined; kind?: Session['kind'] | undefined }

export const createLooking = ({
  heard,
  live,
  waiting,
  asking,
  claudeFolder,
}: {
  heard: ReturnType<typeof createHeard>
  live: (namespace: string, id: string) => Live | undefined
  /** how many messages wait for one that was started elsewhere */
  waiting: (id: string) => number
  /** what such a one asks leave for */
  asking: HeardPermissions['openOf']
  claudeFolder: string | undefined
}) => {
  const describe = (
    reader: Database,
    namespace: string,
    of: Heard,
    alive: ReadonlyMap<string, Alive>,
  ): Session => {
    const running = live(namespace, of.id)
    const managed = running?.managed ?? find(reader, { namespace, id: of.id })
    const here = namespace === '' ? alive.get(of.id) : undefined
    // one that has ended here may go on in somebody's terminal
    const isElsewhere = here !== undefined && !running && managed && isOver(managed.status)
    if (managed && !isElsewhere) {
      const waitsFor = running?.permissions.open.map(shortly) ?? []
      return {
        ...of,
        kind: 'managed',
        ...shownOf(managed),
        ...(waitsFor.length > 0 && { waitsFor }),
        ...(running && running.queued > 0 && { queued: running.queued }),
      }
    }
    const queued = namespace === '' ? waiting(of.id) : 0
    const waitsFor = namespace === '' ? asking(of.id).map(shortly) : []
    const status =
      waitsFor.length > 0 ? 'waiting' : (here?.status ?? (hasEnded(of) ? 'completed' : undefined))
    return {
      ...of,
      kind: of.lastType.startsWith('capture.') ? 'captured' : 'heard',
      ...(status && { status }),
      ...(here && { pid: here.pid }),
      ...(queued > 0 && { queued }),
      ...(waitsFor.length > 0 && { waitsFor }),
    }
  }

  return {
    list: (reader: Database, namespace: string, { limit, status, kind }: Wanted): Session[] => {
      const alive = aliveIn(claudeFolder)
      const described = new Map<string, Session>()
      const isWanted = (of: Heard): boolean => {
        if (conversations.sessionOf(reader, namespace, of.id) !== undefined) return false
        const each = describe(reader, namespace, of, alive)
        described.set(of.id, each)
        return (status === undefined || each.status === status) && (kind === undefined || each.kind === kind)
      }
      return heard.list(reader, namespace, limit, isWanted).flatMap(({ id }) => described.get(id) ?? [])
    },

    get: (reader: Database, namespace: string, id: string): Session | undefined => {
      const of = heard.find(reader, namespace, id)
      return of && describe(reader, namespace, of, aliveIn(claudeFolder))
    },

    /** The id that a caller means: all of it, an alias, or a beginning that no other has. */
    idOf: (reader: Database, namespace: string, given: string): string | undefined => {
      const whose = conversations.sessionOf(reader, namespace, given)
      if (whose !== undefined) return whose
      if (live(namespace, given) || heard.find(reader, namespace, given)) return given
      const called = idOfAlias(reader, namespace, given)
      if (called !== undefined || given.length < leastStart) return called
      const [only, other] = heard.beginningWith(reader, namespace, given)
      if (other !== undefined)
        throw new PaidError(
          'bad_request',
          `More than one session begins with ${given}`,
          'Give more of its id.',
        )
      return only && (conversations.sessionOf(reader, namespace, only) ?? only)
    },
  }
}

const shortly = ({ request, tool, at }: { request: string; tool: string; at: number }) => ({
  request,
  tool,
  at,
})
