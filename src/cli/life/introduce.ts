// What `paid start` says when the daemon is there: each a line, the commands fit to be pasted.

import type { Paths } from '../../paths.ts'
import type { Status } from '../../protocol/system.ts'
import { quoted, selfName } from '../self.ts'

/** `startedNow` is false for a daemon that ran before. */
export const introduction = (status: Status, paths: Paths, startedNow: boolean): string[] => {
  const paid = selfName()
  const event = `'{"type":"hello","metadata":{"from":"curl"}}'`
  const post = `curl --unix-socket ${quoted(paths.httpSocket)} http://paid/events -H 'content-type: application/json' -d ${event}`
  return [
    `paid ${status.version} ${startedNow ? 'is running' : 'runs already'}, pid ${status.pid}`,
    `  listens  ${status.urls.join('  ')}`,
    ...(status.webhookUrls.length > 0 ? [`  webhooks ${status.webhookUrls.join('  ')}`] : []),
    `  keeps    ${paths.home}`,
    `  post     ${post}`,
    `  watch    ${paid} tail`,
    `  hear     ${paid} hooks install   (Claude Code's sessions)`,
    `  stop     ${paid} stop`,
  ]
}
