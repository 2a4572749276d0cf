// The telling part of an event: the few words of its payload that say what happened, by type. A type that is not in
// the table is told by the fields most senders use, else as its fields one after another.
// Payloads are anybody's: every field may be missing or of another kind.

type Data = Record<string, unknown>

const isData = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const text = (value: unknown): string =>
  typeof value === 'string'
    ? value
    : value === undefined || value === null
      ? ''
      : (JSON.stringify(value) ?? '')

/** the ones that are there, two spaces apart */
const words = (...values: unknown[]): string =>
  values
    .map(text)
    .filter((word) => word !== '')
    .join('  ')

const arrow = (from: unknown, to: unknown): string => [text(from), text(to)].filter(Boolean).join(' → ')

/** Under the session's own folder a path is short. */
const near = (path: unknown, cwd: unknown): string => {
  const full = text(path)
  const folder = text(cwd)
  return folder !== '' && full.startsWith(`${folder}/`) ? full.slice(folder.length + 1) : full
}

/** what a tool was given, by the field that says most */
const telling = ['command', 'pattern', 'url', 'query', 'prompt', 'description', 'subject', 'skill'] as const

const toolInput = (input: unknown, cwd: unknown): string => {
  if (!isData(input)) return text(input)
  const path = input['file_path'] ?? input['notebook_path']
  if (path !== undefined) return near(path, cwd)
  const said = telling.find((field) => typeof input[field] === 'string')
  if (said === 'pattern') return words(input['pattern'], near(input['path'], cwd))
  return said ? text(input[said]) : Object.keys(input).length > 0 ? text(input) : ''
}

const tool = (data: Data): string => words(data['tool_name'], toolInput(data['tool_input'], data['cwd']))

/** a part of a message */
const said = (block: Data): string => text(block['text'] ?? block['thinking'] ?? block['type'])

const seconds = (ms: unknown): string => (typeof ms === 'number' ? `${(ms / 1000).toFixed(1)} s` : '')

/** the last instant that has a date */
const lastInstant = 8.64e15

const time = (instant: unknown): string =>
  typeof instant === 'number' && Math.abs(instant) <= lastInstant
    ? new Date(instant).toISOString().replace('.000', '')
    : text(instant)
const next = (instant: unknown): string => (instant === undefined ? '' : `next ${time(instant)}`)

/** Which firing of a job a run is of. */
const planned = (data: Data): string => (data['planned'] === undefined ? '' : `of ${time(data['planned'])}`)
const tried = ({ attempt }: Data): string =>
  typeof attempt === 'number' && attempt > 1 ? `try ${attempt}` : ''

const heldBy = (holder: unknown): string => (holder === undefined ? '' : `held by ${text(holder)}`)

/** a commit's name, as long as people say it */
const short = (sha: unknown): string => text(sha).slice(0, 10)

const byType: Record<string, (data: Data) => string> = {
  SessionStart: (data) => words(data['source'], data['cwd'], data['model']),
  SessionEnd: (data) => words(data['reason']),
  Setup: (data) => words(data['trigger'], data['cwd']),
  UserPromptSubmit: (data) => words(data['prompt']),
  UserPromptExpansion: (data) => words(data['prompt'] ?? data['command_name']),
  PreToolUse: tool,
  PermissionRequest: tool,
  PermissionDenied: (data) => words(tool(data), data['reason']),
  PostToolUse: (data) => words(tool(data), seconds(data['duration_ms'])),
  PostToolUseFailure: (data) => words(tool(data), data['error']),
  PostToolBatch: ({ tool_calls: calls, cwd }) =>
    Array.isArray(calls)
      ? calls
          .filter(isData)
          .map((call) => tool({ ...call, cwd }))
          .join(', ')
      : '',
  Notification: (data) => words(data['message']),
  MessageDisplay: (data) => words(data['delta']),
  Stop: (data) => words(data['last_assistant_message']),
  StopFailure: (data) => words(data['error'], data['last_assistant_message']),
  SubagentStart: (data) => words(data['agent_type'], data['agent_id']),
  SubagentStop: (data) => words(data['agent_type'], data['last_assistant_message']),
  PreCompact: (data) => words(data['trigger'], data['custom_instructions']),
  PostCompact: (data) => words(data['trigger'], data['compact_summary']),
  PreModelSwitch: (data) => arrow(data['from_model'], data['to_model']),
  PostModelSwitch: (data) => arrow(data['from_model'], data['to_model']),
  ConfigChange: (data) => words(data['source'], data['file_path']),
  InstructionsLoaded: (data) => words(near(data['file_path'], data['cwd']), data['load_reason']),
  CwdChanged: (data) => arrow(data['old_cwd'], data['new_cwd']),
  DirectoryAdded: (data) => words(data['directory']),
  FileChanged: (data) => words(data['event'], near(data['file_path'], data['cwd'])),
  WorktreeCreate: (data) => words(data['name']),
  WorktreeRemove: (data) => words(data['worktree_path']),
  TaskCreated: (data) => words(data['task_subject']),
  TaskCompleted: (data) => words(data['task_subject']),
  TeammateIdle: (data) => words(data['teammate_name'], data['team_name']),
  'commit.made': (data) => words(short(data['sha']), data['folder']),
  'commit.linked': (data) => words(short(data['sha']), data['subject'], data['link']),
  'capture.saved': (data) => words(short(data['commit']), data['file']),
  Elicitation: (data) => words(data['mcp_server_name'], data['message']),
  'session.spawned': (data) => words(data['title'], data['prompt'], data['directory']),
  'session.chunk': (data) => words(data['text']),
  'session.ended': (data) => words(data['status'], data['why'], data['stderr']),
  'turn.started': (data) => words(data['text']),
  'turn.finished': (data) => words(data['error'] ?? data['result'], seconds(data['durationMs'])),
  'message.delivered': (data) => words(data['how'], data['message']),
  'message.expired': (data) => words(data['why'], data['message']),
  'message.said': ({ content }) => words(...(Array.isArray(content) ? content.filter(isData).map(said) : [])),
  'tool.started': (data) => words(data['tool'], toolInput(data['input'], '')),
  'tool.finished': (data) => words(data['error'] ?? data['result']),
  'elicitation.requested': (data) => words(data['server'], data['message']),
  'elicitation.cancelled': (data) => words(data['why']),
  'elicitation.answered': (data) => words(data['server'], data['action'], data['by']),
  'permission.requested': (data) => words(data['tool'], toolInput(data['input'], '')),
  'permission.cancelled': (data) => words(data['why']),
  'guard.refused': (data) =>
    words(text(data['session']).slice(0, 8), data['tool'], data['path'], heldBy(data['holder'])),
  'permission.answered': (data) => words(data['allow'] === true ? 'allowed' : 'denied', data['by']),
  'action.started': (data) => words(data['run'], data['cause']),
  'action.finished': (data) => words(seconds(data['durationMs']), data['preview']),
  'action.failed': (data) => words(data['error']),
  'job.added': (data) => words(data['do'], data['cron'], next(data['nextAt'])),
  'job.resumed': (data) => words(next(data['nextAt'])),
  'job.started': (data) => words(data['do'], planned(data), tried(data)),
  'job.finished': (data) => words(planned(data), tried(data), seconds(data['durationMs'])),
  'job.failed': (data) => words(data['error'], planned(data), tried(data), seconds(data['durationMs'])),
  'job.lost': (data) => words(planned(data), tried(data)),
  'job.missed': (data) => words(`${text(data['count'])} missed, ${text(data['runs'])} made up for`),
  'job.skipped': (data) => words(planned(data), data['reason']),
  ElicitationResult: (data) => words(data['mcp_server_name'], data['action'], data['content']),
}

/** fields that say what happened in most payloads of others */
const usual = ['message', 'text', 'title', 'summary', 'prompt', 'name', 'error', 'status'] as const

/** Not yet safe for a terminal: see visible.ts. */
export const tellingPart = (type: string, payload: unknown): string => {
  if (!isData(payload)) return text(payload)
  const data = payload
  const told = Object.hasOwn(byType, type) ? byType[type]?.(data) : undefined
  if (told) return told
  if (typeof data['tool_name'] === 'string') return tool(data)
  const said = usual.map((field) => data[field]).filter((value) => typeof value === 'string' && value !== '')
  if (said.length > 0) return words(...said)
  return Object.entries(data)
    .filter(([name]) => !hookFields.has(name))
    .map(([name, value]) => `${name}=${text(value)}`)
    .join('  ')
}

/** on every hook of Claude Code, and telling nothing */
const hookFields = new Set([
  'session_id',
  'transcript_path',
  'cwd',
  'prompt_id',
  'hook_event_name',
  'permission_mode',
  'effort',
])
