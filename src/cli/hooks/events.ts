// Which events of Claude Code `paid hooks install` asks for, and how: the one place to change it.
// `async` runs the hook beside the session, which then waits for nothing; what such a hook says comes late, or never.
// Those whose reply may tell the session something are waited for (some milliseconds), once for each prompt, for each
// message that used tools and for each end of a turn. So are those at the end of a session: Claude Code may exit right
// after them and take a hook that is still running with it.
// Left out on purpose: WorktreeCreate, whose hook has to create the worktree itself.

export type HookOptions = {
  async?: true
  asyncRewake?: true
  timeout?: number
  /** words after `hook` */ flags?: readonly string[]
}

const beside: HookOptions = { async: true }
/** the timeout is Claude Code's, in seconds, and far above what `paid hook` takes; its own for SessionEnd is 1.5 */
const waitedFor: HookOptions = { timeout: 5 }
const answered: HookOptions = { timeout: 5, flags: ['--reply'] }

/** Asked for by name alone: a process for each session whose turn is over. Its event, and how. */
export const rewakeEvent = 'Stop'
export const rewakeFlag = '--rewake'
export const rewakeOptions: HookOptions = { asyncRewake: true, timeout: 86_400, flags: [rewakeFlag] }

export const hookEvents: Readonly<Record<string, HookOptions>> = {
  SessionStart: beside,
  SessionEnd: waitedFor,
  Setup: beside,
  UserPromptSubmit: answered,
  UserPromptExpansion: beside,
  PreToolUse: beside,
  PermissionRequest: beside,
  PermissionDenied: beside,
  PostToolUse: beside,
  PostToolUseFailure: beside,
  PostToolBatch: answered,
  MessageDisplay: beside,
  Notification: beside,
  Elicitation: beside,
  ElicitationResult: beside,
  SubagentStart: beside,
  SubagentStop: beside,
  TaskCreated: beside,
  TaskCompleted: beside,
  TeammateIdle: beside,
  Stop: answered,
  StopFailure: waitedFor,
  PreCompact: beside,
  PostCompact: beside,
  PreModelSwitch: beside,
  PostModelSwitch: beside,
  ConfigChange: beside,
  InstructionsLoaded: beside,
  CwdChanged: beside,
  FileChanged: beside,
  DirectoryAdded: beside,
  WorktreeRemove: beside,
}
