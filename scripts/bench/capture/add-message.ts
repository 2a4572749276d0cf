// Messages of a captured conversation, durable, one connection with 64 under way, against a server of lines that parses
// each and gives it back.

import { openSocket } from '../../../test/support/socket.ts'
import { loadRow, type Row } from '../report.ts'
import { callLine } from '../requests.ts'
import { inTurns, series } from '../rounds.ts'
import { exchange } from '../socket/exchanges.ts'
import type { Stage } from '../stage.ts'

const inFlight = 64
const content =
  'The login fails for addresses with a plus sign: decode the form before it is compared, and add a test that says so. ' +
  'The session is kept in `src/session.ts`, the comparison in `src/login.ts`; both are small.'

export const addMessage = async (stage: Stage): Promise<Row[]> => {
  const times = stage.quick
    ? { rounds: 2, warmMs: 300, runMs: 700 }
    : { rounds: 5, warmMs: 1000, runMs: 2000 }
  const path = `${stage.folder}/echo.sock`
  await using echo = await stage.serve('echo', path)
  await using daemon = await stage.daemon()
  await using socket = await openSocket(daemon.socket)
  await socket.write('{"command":"createSession","tool":"cursor"}\n')
  const { sessionId } = JSON.parse(await socket.lines.next())

  const params = { session: sessionId, role: 'user', content }
  const asked = JSON.stringify({ command: 'addMessage', sessionId, role: 'user', content })
  const run = (server: number, at: string, ask: string, answer: string) =>
    series(() =>
      exchange(
        stage,
        { server, socket: at, connections: [{ asks: [ask], answers: [answer] }], inFlight },
        times,
      ),
    )
  const floor = run(echo.pid, path, callLine('capture.message', params), '{"id":1,"r')
  const ours = run(daemon.pid, daemon.socket, asked, '{"s')
  stage.say(`capture: ${times.rounds} rounds of messages`)
  await inTurns(times.rounds, [floor, ours])
  const load = ({ results }: typeof ours) => results.map(({ measured }) => measured)
  return [
    loadRow(`addMessage, durable, 1 connection, ${inFlight} in flight`, {
      ours: load(ours),
      floors: load(floor),
      least: 0.1,
      aim: 0.15,
    }),
  ]
}
