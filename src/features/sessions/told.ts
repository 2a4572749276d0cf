// What becomes known of a session, before it is an event of its channel.

export type Told = { type: string; data: object; by?: string; cause?: string | undefined }
