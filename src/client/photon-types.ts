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

/** Resolves to whether a daemon answers for this photon. */
export type PingDaemon = (photonName: string) => Promise<boolean>
