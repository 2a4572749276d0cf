// What the sessions room stands on.

import type { IsExcluded } from '../../lib/exclude.ts'
import type { Ground } from '../../core/ground.ts'
import type { CheckGuards } from './live/guarding.ts'

/** The options `sessions.*`. */
export type SessionSettings = {
  /** of the program of Claude Code, `claude.path`; empty: `claude` in the PATH */
  claude: string
  directory: string
  max: number
  startSeconds: number
  idleSeconds: number
  stopSeconds: number
  answerSeconds: number
  budgetUsd: number
  inbox: boolean
  remoteApproval: boolean
}

export type SessionsGround = Ground & {
  settings: SessionSettings
  /** of the user who started the daemon */
  env: Readonly<Record<string, string | undefined>>
  umask: number
  /** where sessions work that are given no folder */
  workspaces: string
  /** where Claude Code keeps what is its own */
  claudeFolder: string | undefined
  /** files whose contents are not kept */
  isExcluded: IsExcluded
  /** whether a session may use a tool */
  checkGuards: CheckGuards
  /** whether a hook of this key never got the reply to it */
  isSpooled: (key: string) => boolean
}

export type Times = { startMs: number; idleMs: number; stopMs: number; answerMs: number }

export const timesOf = ({
  startSeconds,
  idleSeconds,
  stopSeconds,
  answerSeconds,
}: SessionSettings): Times => ({
  startMs: startSeconds * 1000,
  idleMs: idleSeconds * 1000,
  stopMs: stopSeconds * 1000,
  answerMs: answerSeconds * 1000,
})

/** a daemon that stops has no more time for its sessions */
export const daemonStopMs = 5000
