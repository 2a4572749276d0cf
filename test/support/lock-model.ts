// What the locks room promises, as a model that never asks it: who holds what, who waits, what is told to whom. Only
// tokens come from outside, because they are the numbers of a log that others write too; what they must be is checked.

export type Wish = {
  name: string
  holder: string
  ttl: number
  wait: number
  peer: string
  bound: boolean
}
export type Held = {
  name: string
  holder: string
  acquiredAt: number
  /** by the steady clock */
  deadline: number
  /** by the wall clock of when it was written */
  expiresAt: number
  ttl: number
  bound: string | undefined
  /** which grant it is: the same for all who were told of it */
  grant: number
}
type Waiting = Wish & { id: number; until: number }

export type Told =
  | { id: number; acquired: true; held: Held }
  | {
      id: number
      acquired: false
      holder: string
      acquiredAt: number
      reason: 'held' | 'waited' | 'line_full'
    }
  | { id: number; refused: 'stopping' }

/** what happened to one lock, in order */
export type Happened = { type: string; holder: string; grant: number }

export type LockModel = ReturnType<typeof createLockModel>

export const createLockModel = (now: () => { wall: number; steady: number }) => {
  const held = new Map<string, Held>()
  const lines = new Map<string, Waiting[]>()
  const history = new Map<string, Happened[]>()
  let grants = 0
  let ids = 0
  /** answers that became known, in order */
  let told: Told[] = []

  const note = (type: string, { name, holder, grant }: Held): void => {
    const happened = history.get(name) ?? []
    happened.push({ type, holder, grant })
    history.set(name, happened)
  }
  const lineOf = (name: string): Waiting[] => lines.get(name) ?? []
  const leave = ({ name, id }: Waiting): void =>
    void lines.set(
      name,
      lineOf(name).filter((other) => other.id !== id),
    )
  const lapsed = ({ deadline }: Held): boolean => deadline <= now().steady
  const span = (ttl: number) => ({
    deadline: now().steady + ttl,
    expiresAt: now().wall + ttl,
    ttl,
  })

  const grant = (wish: Wish, waiters: Waiting[] = []): Held => {
    const { name, holder, ttl, peer, bound } = wish
    const one: Held = {
      name,
      holder,
      acquiredAt: now().wall,
      ...span(ttl),
      bound: bound ? peer : undefined,
      grant: ++grants,
    }
    held.set(name, one)
    note('lock.acquired', one)
    const others = lineOf(name).filter(
      (other) => other.holder === holder && other.until > now().steady && !waiters.includes(other),
    )
    for (const other of others) if (other.ttl > one.ttl) Object.assign(one, span(other.ttl))
    for (const waiter of [...waiters, ...others]) {
      leave(waiter)
      told.push({ id: waiter.id, acquired: true, held: { ...one } })
    }
    return one
  }
  const serve = (name: string): Held | undefined => {
    const first = lineOf(name).find(({ until }) => until > now().steady)
    return first && grant(first, [first])
  }
  const end = (one: Held, type: string): void => {
    held.delete(one.name)
    note(type, one)
    if (type !== 'lock.transferred') serve(one.name)
  }
  const current = (name: string): Held | undefined => {
    const one = held.get(name)
    if (!one) return serve(name)
    if (!lapsed(one)) return one
    end(one, 'lock.expired')
    return held.get(name)
  }
  const take = (id: number, wish: Wish, reason: 'held' | 'waited'): void => {
    let one = current(wish.name)
    if (!one) one = grant(wish)
    else if (one.holder === wish.holder)
      Object.assign(one, span(wish.ttl), { bound: wish.bound ? wish.peer : undefined })
    else {
      const { holder, acquiredAt } = one
      told.push({ id, acquired: false, holder, acquiredAt, reason })
      return
    }
    told.push({ id, acquired: true, held: { ...one } })
  }

  return {
    /** What became known since it was asked last. */
    told: (): Told[] => {
      const known = told
      told = []
      return known
    },

    acquire: (wish: Wish): number => {
      const id = ++ids
      const one = current(wish.name)
      if (one && one.holder !== wish.holder && wish.wait > 0)
        lines.set(wish.name, [...lineOf(wish.name), { ...wish, id, until: now().steady + wish.wait }])
      else take(id, wish, 'held')
      return id
    },
    renew: (name: string, allowed: (one: Held) => boolean, ttl: number | undefined): Held | undefined => {
      const one = current(name)
      if (!one || !allowed(one)) return undefined
      return { ...Object.assign(one, span(ttl ?? one.ttl)) }
    },
    release: (name: string, allowed: (one: Held) => boolean, type = 'lock.released'): boolean => {
      const one = current(name)
      if (!one || !allowed(one)) return false
      end(one, type)
      return true
    },
    transfer: (name: string, holder: string, to: string, peer: string): Held | undefined => {
      const one = current(name)
      if (!one || one.holder !== holder) return undefined
      if (to === holder) return { ...one }
      end(one, 'lock.transferred')
      return { ...grant({ name, holder: to, ttl: one.ttl, wait: 0, peer, bound: false }) }
    },
    peek: (name: string): Held | undefined => {
      const one = held.get(name)
      return one && !lapsed(one) ? one : undefined
    },
    waiting: (name: string): number => lineOf(name).length,
    list: (): Held[] => [...held.values()].filter((one) => !lapsed(one)),

    /** All that is due at this instant, while nothing else happens. */
    settle: (): void => {
      for (const one of [...held.values()].filter(lapsed)) current(one.name)
      const late = [...lines.values()]
        .flat()
        .filter(({ until }) => until <= now().steady)
        .toSorted((a, b) => a.until - b.until || a.id - b.id)
      for (const waiter of late) {
        leave(waiter)
        take(waiter.id, waiter, 'waited')
      }
    },
    /** The next instant at which something is due. */
    due: (): number | undefined => {
      const instants = [
        ...[...held.values()].map(({ deadline }) => deadline),
        ...[...lines.values()].flat().map(({ until }) => until),
      ]
      return instants.length > 0 ? Math.min(...instants) : undefined
    },

    endOf: (peer: string): void => {
      for (const waiter of [...lines.values()].flat()) {
        if (waiter.peer !== peer) continue
        leave(waiter)
        told.push({ id: waiter.id, refused: 'stopping' })
      }
      for (const one of [...held.values()].filter(({ bound }) => bound === peer)) end(one, 'lock.released')
    },
    /** Nobody waits and no connection is left; `rebooted`: the wall clock alone tells what is left of a lease. */
    restart: (rebooted: boolean): void => {
      lines.clear()
      if (rebooted)
        for (const one of held.values())
          one.deadline = now().steady + Math.max(0, Math.min(one.expiresAt - now().wall, one.ttl))
      for (const one of [...held.values()].filter(({ bound }) => bound !== undefined))
        end(one, 'lock.released')
    },
    history,
  }
}
