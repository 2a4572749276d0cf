// A line that a test cuts, refuses and mends, in front of a real one; and time that it moves.

import type { Hearing, Line, Open } from '../../src/client/line.ts'
import type { Later } from '../../src/client/orchestrator/attempts.ts'
import { PaidError } from '../../src/protocol/error.ts'

export const createCutLine = (open: Open) => {
  const lines = new Set<{ line: Line; hearing: Hearing }>()
  const sent: string[] = []
  let refuses = false
  let opened = 0
  return {
    sent,
    get opened() {
      return opened
    },
    open: (async (hearing) => {
      opened++
      if (refuses) throw new PaidError('not_running')
      let over = false
      const closed = (): void => {
        if (over) return
        over = true
        lines.delete(entry)
        hearing.closed()
      }
      const line = await open({ text: (text) => void (over || hearing.text(text)), closed })
      const entry = { line, hearing: { ...hearing, closed } }
      lines.add(entry)
      return {
        ...line,
        send: (text) => {
          sent.push(text)
          line.send(text)
        },
      }
    }) satisfies Open,
    /** Nobody answers from now on. */
    refuse: (whether: boolean): void => void (refuses = whether),
    cut: (): void => {
      for (const { line, hearing } of lines) {
        hearing.closed()
        line.close()
      }
    },
  }
}

export const createWaits = () => {
  let waits: { ms: number; call: () => void }[] = []
  const later: Later = (ms, call) => {
    const wait = { ms, call }
    waits.push(wait)
    return () => void (waits = waits.filter((each) => each !== wait))
  }
  return {
    later,
    get pending() {
      return waits.map(({ ms }) => ms)
    },
    /** What waits is due now. */
    pass: (): void => {
      const due = waits
      waits = []
      for (const { call } of due) call()
    },
  }
}
