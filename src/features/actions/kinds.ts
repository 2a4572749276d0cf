// What an action of each kind does when it runs.

import type { ActionDefinition } from '../../protocol/actions.ts'
import { causeVariable } from '../../protocol/cause.ts'
import type { SteadyClock } from '../../lib/steady-clock.ts'
import type { Dispatch } from '../../core/dispatch.ts'
import type { Logger } from '../../core/logger.ts'
import type { Peer } from '../../core/peer.ts'
import { runCommand, type Surroundings } from './command.ts'
import { createDiary } from './diary.ts'
import type { Outcome } from './outcome.ts'
import { runPrompt } from './prompt.ts'
import { runRequest } from './request.ts'
import { runMark, type Running } from './runs.ts'
import { secretsOf } from './shown.ts'

export type Call = {
  readonly args: unknown
  readonly peer: Peer
  readonly cause: string | undefined
}

type Of<Kind extends ActionDefinition['kind']> = Extract<ActionDefinition, { kind: Kind }>

export const createKinds = ({
  dispatch,
  steady,
  logger,
  surroundings,
}: {
  dispatch: Dispatch
  steady: SteadyClock
  logger: Logger
  surroundings: Surroundings
}) => {
  const command = async (
    definition: Of<'command'>,
    { args, cause }: Call,
    running: Running,
  ): Promise<Outcome> => {
    const { run, signal, onStart } = running
    const { name } = definition
    const diary = createDiary(logger, { action: name, run }, secretsOf(definition))
    const home = surroundings.env['PAID_HOME']
    const marks = {
      [runMark]: run,
      PAID_ACTION: name,
      // so that `paid emit` in it finds this daemon, and says what it acts upon
      ...(home !== undefined && { PAID_HOME: home }),
      ...(cause !== undefined && { [causeVariable]: cause }),
    }
    const onStderr = diary.take
    try {
      return await runCommand(definition, { args, marks, signal, surroundings, onStart, onStderr })
    } finally {
      diary.end()
    }
  }

  const publish = async (
    { name, channel }: Of<'publish'>,
    { args, peer, cause }: Call,
    { run }: Running,
  ): Promise<Outcome> => {
    const origin = { action: name, run, ...(cause !== undefined && { cause }) }
    const { ids } = await dispatch(peer, 'event.publish', { channel, type: 'message', data: args, origin })
    return { result: { id: ids[0] } }
  }

  const http = (
    request: Of<'http'>,
    { args, peer, cause = peer.by }: Call,
    { run, signal }: Running,
  ): Promise<Outcome> => runRequest(request, { args, run, cause, signal, steady })

  const prompt = (
    { name, prompt: text }: Of<'prompt'>,
    call: Call,
    { run, signal }: Running,
  ): Promise<Outcome> => runPrompt({ name, text, run, signal, dispatch, ...call })

  return (definition: ActionDefinition, call: Call): ((running: Running) => Promise<Outcome>) => {
    if (definition.kind === 'command') return (running) => command(definition, call, running)
    if (definition.kind === 'publish') return (running) => publish(definition, call, running)
    if (definition.kind === 'http') return (running) => http(definition, call, running)
    return (running) => prompt(definition, call, running)
  }
}
