// Where the last turns of a session began and ended, for one who did not read them all: the turn that was being told is
// told again from its beginning.

/** who is further behind is given only what comes after what it has */
const rememberedTurns = 256

type Place = number | string

export const createBegun = () => {
  const turns: { began: Place | undefined; over?: number }[] = []

  return {
    /** @param began the event, or the time, behind which it is heard */
    begin: (began: Place | undefined): void => {
      turns.push({ began })
      if (turns.length > rememberedTurns) turns.shift()
    },
    end: (seq: number): void => {
      const last = turns.at(-1)
      if (last) last.over ??= seq
    },
    /** From where to tell it again to one who has what there was up to `seq`. */
    before: (seq: number): Place => {
      const turn = turns.findLast(({ began }) => typeof began !== 'number' || began < seq)
      return turn?.began === undefined || (turn.over !== undefined && turn.over <= seq) ? seq : turn.began
    },
  }
}
