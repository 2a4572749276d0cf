// THE PHRASEBOOK: the grammar (method, event, channel, error, frame, limits) and the words of each room. Shared by
// the daemon, the client, the command line and the documents made from it.
// It promises: one declaration for each method, event shape, error and limit; zod and nothing else.
// It refuses: any knowledge of how bytes travel, and the words of older protocols (those live in the dialects).

export * from './actions.ts'
export * from './api.ts'
export * from './channel.ts'
export * from './error.ts'
export * from './event.ts'
export * from './events.ts'
export * from './frame.ts'
export * from './jobs.ts'
export * from './limits.ts'
export * from './method.ts'
export * from './rules.ts'
export * from './sessions.ts'
export * from './system.ts'
export * from './webhooks.ts'
