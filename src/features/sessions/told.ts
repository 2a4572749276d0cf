/** What becomes known of a session: an event of its channel, before it has a number. */
export type Told = { type: string; data: object; by?: string; cause?: string | undefined }
