// Every limit of the daemon, in one place: the README lists them and the tests walk their edges.
// Sizes are bytes unless the name says otherwise; spans end in `Ms`.

const KiB = 1024
const MiB = 1024 * KiB

export const limits = {
  /** body of any HTTP request but a hook's; config `http.maxBody` moves it */
  bodyBytes: MiB,
  /** body of `POST /hooks/claude`: a Write of 300 KB is a PostToolUse of 600 KB */
  hookBodyBytes: 16 * MiB,
  /** a string inside a hook longer than this is kept as its first and last `hookStringKeptBytes` */
  hookStringBytes: 256 * KiB,
  hookStringKeptBytes: 64 * KiB,
  /** levels of arrays and objects in a JSON text */
  jsonDepth: 1000,
  /** one JSON document on a socket */
  lineBytes: 16 * MiB,
  /** one WebSocket message from a client; a longer one closes the socket with 1009 */
  webSocketMessageBytes: 16 * MiB,
  /** request line's path and query; the parser itself stops at about 16 KiB for line and headers */
  urlBytes: 8 * KiB,
  /** a channel, a pattern */
  channelBytes: 512,
  typeBytes: 256,
  /** a folder or a file that a call names */
  pathBytes: 4 * KiB,
  /** a session's id: its channel is `session:<id>` */
  sessionIdBytes: 256,
  /** what is said to a session at once */
  sessionTextBytes: MiB,
  /** a session's title, alias, or one of its labels; and how many of those */
  sessionLabelBytes: 512,
  sessionLabels: 100,
  /** messages that wait for one session */
  sessionQueue: 100,
  /** what is said to a session that was not started here, with the words that say from whom it comes */
  heardTextCharacters: 9000,
  /** and how long it waits to be seen */
  heardMessageMs: 24 * 3600 * 1000,
  /** a line that Claude Code writes; of a longer one only its length is told */
  sessionLineBytes: 64 * MiB,
  /** a text in what a session says, is given or gets; of a longer one the beginning is kept */
  sessionKeptBytes: 256 * KiB,
  keyBytes: 512,
  /** a namespace's name */
  namespaceBytes: 128,
  /** a name that a caller claims in `X-Paid-Name` */
  peerNameBytes: 64,
  /** events in one `POST /events` array */
  batchEvents: 1000,
  /** `limit` of a reading call, and what it is when not given */
  pageEvents: 1000,
  pageEventsDefault: 100,
  /** what is searched for, and how many hits come when no number is given */
  searchCharacters: 64 * KiB,
  searchHitsDefault: 20,
  /** events of `?replay=` on a WebSocket */
  replayEvents: 1000,
  /** a subscription's backlog once its socket has refused bytes; config `subscriptions.*` moves them */
  unsentEvents: 1000,
  unsentBytes: MiB,
  subscriptionsPerPeer: 1000,
  patternsPerSubscription: 100,
  /** a lock's name: its channel is `lock:<name>` */
  lockNameBytes: 512,
  holderBytes: 512,
  /** why a lock is held, or was broken */
  noteCharacters: 1000,
  /** the longest lease of a lock, and how long one may wait in line */
  leaseMs: 30 * 24 * 3600 * 1000,
  lockWaitMs: 24 * 3600 * 1000,
  /** guards of a namespace, and the pattern of one */
  guards: 1000,
  guardPatternBytes: 1024,
  /** the longest that a guarded tool waits for a lock, and how long it keeps one that nothing more is heard of */
  guardWaitMs: 300_000,
  guardLeaseMs: 900_000,
  /** who waits for one lock at once */
  lineLength: 1000,
  /** locks in one page of `lock.list` */
  pageLocks: 1000,
  /** an action's name: its channel is `action:<name>` */
  actionNameBytes: 256,
  /** words of a command, and bytes of one of them, of its folder, of a prompt */
  actionWords: 1000,
  actionTextBytes: 64 * KiB,
  /** the longest that one run may take, and the most runs of one action at a time */
  actionTimeoutMs: 24 * 3600 * 1000,
  actionConcurrency: 100,
  /** runs of one action that wait in line */
  actionLine: 1000,
  /** what is kept of a result, and of it in the event that tells of its end */
  actionResultBytes: MiB,
  actionPreviewBytes: 4 * KiB,
  /** of what a command says on stderr: its end, for who is told that it failed, and its beginning, for the log */
  stderrTailBytes: 2 * KiB,
  stderrLoggedBytes: 64 * KiB,
  /** actions in one page of `action.list` */
  pageActions: 1000,
  /** actions that one connection offers at once */
  offersPerPeer: 1000,
  /** what made a job, a webhook or a rule call */
  causeBytes: 1024,
  /** a job's id: its channel is `job:<id>` */
  jobIdBytes: 256,
  /** what a job's action is given, as JSON */
  jobArgsBytes: 32 * KiB,
  /** a cron expression */
  cronCharacters: 1000,
  /** tries of one firing after the first */
  jobRetries: 100,
  /** runs of one job that wait for the one before them; firings of a sleep that `run-all` makes up for */
  jobLine: 100,
  /** a firing that is later than this was missed */
  jobLateMs: 60_000,
  /** jobs in one page of `job.list` */
  pageJobs: 500,
  /** a webhook's name: its channel is `webhook:<name>` */
  webhookNameBytes: 256,
  /** the once-only id of a delivery */
  deliveryIdBytes: 255,
  /** a sender waits this long for the end of what it set off; then it is told 202 */
  webhookAnswerMs: 10_000,
  /** an answer that a sender gets again when it sends again; of a longer one it learns only that it was done */
  webhookAnswerBytes: 64 * KiB,
  /** the oldest signed timestamp that may be taken, and the longest a replaced secret stays valid */
  webhookToleranceMs: 24 * 3600 * 1000,
  webhookKeepMs: 30 * 24 * 3600 * 1000,
  /** addresses and networks of one `--allow` */
  webhookNetworks: 100,
  /** runs of one delivery that are shown */
  deliveryRuns: 50,
  /** webhooks in one page of `webhook.list` */
  pageWebhooks: 1000,
  /** a rule's name: its channel is `rule:<name>` */
  ruleNameBytes: 256,
  /** rules of all namespaces together */
  rules: 1000,
  /** kinds of events in one rule */
  ruleFilters: 16,
  /** the expression of a rule */
  ruleFilterCharacters: 2000,
  ruleRetries: 100,
  /** what waits for a rule is counted so far */
  ruleBacklog: 1000,
  /** connections of paid.sock, and WebSockets, at once; plain HTTP is bounded by its short idle time */
  connections: 2000,
  /** calls of one connection that have no answer yet; reading pauses until some have */
  callsInFlight: 1000,
  /** how long a request's body may take to arrive */
  bodyTimeoutMs: 30_000,
  /** failed tokens from one address before 429, and for how long */
  authFailures: 20,
  authPauseMs: 60_000,
  /** on a listener with `auth=frame`: a WebSocket shows its token within this time, in a frame of so many bytes, */
  authFrameMs: 5000,
  authFrameBytes: 8 * KiB,
  /** and so many may be about to */
  webSocketsWithoutToken: 100,
  /** types that `GET /stats` names; the rest is in the total */
  statsTypes: 1000,
  /** bytes of payload in one page; a page that would be larger ends early and `next` reads on */
  pageBytes: 16 * MiB,
  /** bytes of waiting files in `spool/` before the oldest is dropped */
  spoolBytes: 64 * MiB,
  /** `paid hook` waits this long for response headers, of the time in which it runs, before it spools and leaves */
  hookHeadersMs: 250,
  /** a socket's path, in bytes with its ending zero (the smallest platform's) */
  socketPathBytes: 104,
  /** a line of a transcript; of a longer one only its length is kept */
  archiveLineBytes: 16 * MiB,
  logFileBytes: 10 * MiB,
  logFilesKept: 3,
  /** SIGTERM to exit */
  stopMs: 10_000,
  /** a path that a caller names */
  folderBytes: 4096,
  /** the name of a tool, or of a role in a captured conversation */
  toolCharacters: 100,
  /** what a captured conversation says of itself, as JSON */
  captureMetadataBytes: 64 * KiB,
  /** what a captured conversation names as its commit */
  commitNameBytes: 128,
  /** captured conversations that are active at once */
  activeCaptures: 10_000,
  /** a key's name, an organization's */
  keyNameCharacters: 64,
  /** the longest that a key may be said to be valid */
  keyLifeMs: 10 * 365 * 24 * 3600 * 1000,
  /** keys in one page of `key.list` */
  pageKeys: 1000,
  /** a token that is shown */
  tokenCharacters: 4096,
  /** how long an access token lasts; a login, and a session of an agent that does not say */
  agentAccessMs: 3600 * 1000,
  agentSessionMs: 7 * 24 * 3600 * 1000,
  /** sessions of one agent, its logins among them: the oldest login makes room for the next */
  agentSessions: 1000,
  /** a heartbeat is expected so often, and an agent is there so long after one */
  agentBeatMs: 30_000,
  agentOnlineMs: 90_000,
  /** a word that an agent says of itself: version, host, message */
  agentTextCharacters: 1000,
  /** what an agent says of itself or of a session, as JSON */
  agentDataBytes: 32 * KiB,
  /** capabilities, and scopes that are asked for */
  agentCapabilities: 100,
} as const
