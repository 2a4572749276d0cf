// Which events of Claude Code `paid hooks install` asks for, and how: the one place to change it.
// `async` runs the hook beside the session, which then waits for nothing; nobody needs the reply yet. Those at the end
// of a turn or a session are waited for (some milliseconds): Claude Code may exit right after them and take a hook that
// is still running with it.
// Left out on purpose: WorktreeCreate, whose hook has to create the worktree itself.

export type HookOptions = { async?: true; timeout?: number }

const beside: HookOptions = { async: true }
/** the timeout is Claude Code's, in seconds, and far above what `paid hook` takes; its own for SessionEnd is 1.5 */
const waitedFor: HookOptions = { timeout: 5 }

export const hookEvents: Readonly<Record<string, HookOptions>> = {
  SessionStart: beside,
  SessionEnd: waitedFor,
  Setup: beside,
  UserPromptSubmit: beside,
  UserPromptExpansion: beside,
  PreToolUse: beside,
  PermissionRequest: beside,
  PermissionDenied: beside,
  PostToolUse: beside,
  PostToolUseFailure: beside,
  PostToolBatch: beside,
  MessageDisplay: beside,
  Notification: beside,
  Elicitation: beside,
  ElicitationResult: beside,
  SubagentStart: beside,
  SubagentStop: beside,
  TaskCreated: beside,
  TaskCompleted: beside,
  TeammateIdle: beside,
  Stop: waitedFor,
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
