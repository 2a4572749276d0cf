// `paid prompts show ID`: what was asked and answered in a conversation, and nothing else of it.

import type { ArchivedMessage } from '../../../protocol/archive.ts'
import { withDaemon } from '../../home.ts'
import { say, sayJson } from '../../output.ts'
import { headOf, pagesOf, paint, told } from '../sessions/show.ts'
import { sessionMeant } from './id.ts'
import { commitWords } from './list.ts'

const show = ({ id: typed, json }: { id: string; json: boolean }): Promise<void> =>
  withDaemon(async (daemon) => {
    const id = sessionMeant(typed)
    const { conversations } = await daemon.call('prompt.list', { session: id })
    const [found] = conversations
    if (!found) return
    const { session, commits } = found
    if (!json) {
      say(headOf(session).trimEnd())
      say(commits.length > 0 ? `${paint(2, commitWords(commits))}\n` : '')
    }
    const all: ArchivedMessage[] = []
    for await (const { messages } of pagesOf(daemon, session.id, true)) {
      if (json) all.push(...messages)
      else for (const message of messages) say(told(message, session, true))
    }
    if (json) sayJson({ session, commits, messages: all })
  })

export default show
