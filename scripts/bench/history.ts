// The last hundred events of a type among very many, against the same question among a thousand: a dense type, and one
// that is rare and spread over the whole log. Two daemons, their logs filled beforehand.

import { fill, denseType, rareType } from './fill.ts'
import { inTurns, series } from './rounds.ts'
import { loadRow } from './report.ts'
import { getRequest, portOf } from './requests.ts'
import type { Stage, Suite } from './stage.ts'
import type { TestDaemon } from '../../test/support/daemon.ts'

const connections = 8
const few = 1000
const many = 1_000_000

const filled = async (stage: Stage, events: number): Promise<TestDaemon> => {
  const home = stage.home()
  await fill(`${home}/paid.db`, events)
  return stage.daemon({ home })
}

export const history: Suite = async (stage) => {
  const rounds = stage.quick ? 3 : 5
  const times = stage.quick ? { warmMs: 200, runMs: 400 } : { warmMs: 300, runMs: 1000 }
  stage.say(`history: ${many.toLocaleString('en-US')} events are written`)
  await using small = await filled(stage, few)
  await using large = await filled(stage, many)

  const asked = (daemon: TestDaemon, type: string) =>
    series(() =>
      stage.load({
        server: daemon.pid,
        ...times,
        http: {
          port: portOf(daemon.url),
          request: getRequest(`/events?type=${type}&limit=100`, daemon),
          connections,
        },
      }),
    )
  const compare = (type: string) => ({ floor: asked(small, type), ours: asked(large, type) })
  const [dense, rare] = [compare(denseType), compare(rareType)]
  stage.say(`history: ${rounds} rounds`)
  await inTurns(rounds, [dense.floor, dense.ours, rare.ours, rare.floor])
  const row = (what: string, { floor, ours }: typeof dense) =>
    loadRow(`GET /events?type=…&limit=100 among ${many.toLocaleString('en-US')}, ${what}`, {
      ours: ours.results,
      floors: floor.results,
      least: 0.8,
    })
  return [row('a frequent type', dense), row('a rare type', rare)]
}
