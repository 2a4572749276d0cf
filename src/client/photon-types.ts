// What the photon client's functions take and give, as its document has it: types alone, shipped as they stand here.

export type LockInfo = { name: string; holder: string; acquiredAt: number; expiresAt: number }

/**
 * Calls the handler with each message of a channel until the function it resolves to is called. It rejects when the
 * first subscription fails; a connection lost later is opened again.
 */
export type SubscribeChannel = (
  photonName: string,
  channel: string,
  handler: (message: unknown) => void,
) => Promise<() => void>

export type PublishToChannel = (photonName: string, channel: string, message: unknown) => Promise<void>

/** Resolves to whether this process has the lock now. `timeout` is how long it lasts, in milliseconds; 30 s when not given. */
export type AcquireLock = (photonName: string, lockName: string, timeout?: number) => Promise<boolean>

/** Resolves to false when another process holds it. */
export type ReleaseLock = (photonName: string, lockName: string) => Promise<boolean>

export type ListLocks = (photonName: string) => Promise<LockInfo[]>

export type ScheduledJob = {
  id: string
  method: string
  args?: unknown
  cron: string
  lastRun?: number
  nextRun?: number
  runCount: number
  createdAt: number
  createdBy?: string
}

/** A job of this id is replaced. `scheduled` is false for what is no cron expression, and `reason` says so. */
export type ScheduleJob = (
  photonName: string,
  jobId: string,
  method: string,
  cron: string,
  args?: Record<string, unknown>,
) => Promise<{ scheduled: boolean; nextRun?: number; reason?: string }>

/** Resolves to whether there was such a job. */
export type UnscheduleJob = (photonName: string, jobId: string) => Promise<boolean>

export type ListJobs = (photonName: string) => Promise<ScheduledJob[]>

/** Resolves to whether a daemon answers for this photon. */
export type PingDaemon = (photonName: string) => Promise<boolean>
