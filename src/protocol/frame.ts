// Native frames, on paid.sock (one JSON document a line) and on any WebSocket (one a message):
//   -> {"id":"1","method":"event.publish","params":{…}}
//   <- {"id":"1","result":{…}}   or   {"id":"1","error":{"code","message","hint"}}
//   <- {"event":{…},"subscription":"sub_1"}
//   <- {"lagged":{"subscription":"sub_1","seq":12}}   that subscription has ended; subscribe again with since: 12
// To who offers actions, and to who runs one with `prompts`:
//   <- {"call":"run_1","action":"greet","args":{…},"by":"unix:1000"}   answer it with action.answer
//   <- {"cancelled":"run_1"}                                          nobody waits for that answer any more
//   <- {"prompt":"prm_1","run":"run_1","action":"greet","ask":{…}}     answer it with action.reply
//   <- {"emit":{…},"run":"run_1","action":"greet"}
// An id is a string or a number, and comes back as it was sent. A caller that acts upon something says so beside it:
// {"id":…,"method":…,"params":…,"cause":"rule:tell/evt_12"}.

import type { Event } from './event.ts'
import type { PaidError } from './error.ts'

export type CallId = string | number
export type CallFrame = { id: CallId; method: string; params?: unknown; cause?: unknown }
export type ResultFrame = { id: CallId; result: unknown }
export type ErrorFrame = { id: CallId | null; error: ReturnType<PaidError['toJSON']> }
export type EventFrame = { event: Event; subscription: string }
export type LaggedFrame = { lagged: { subscription: string; seq: number } }
/** Somebody runs an action that this peer offers. */
export type CallingFrame = { call: string; action: string; args: unknown; by: string; cause?: string }
export type CancelledFrame = { cancelled: string }
export type PromptFrame = { prompt: string; run: string; action: string; ask: unknown }
export type EmitFrame = { emit: unknown; run: string; action: string }
/** What nobody asked for, and no subscription either. */
export type TellFrame = CallingFrame | CancelledFrame | PromptFrame | EmitFrame
export type ServerFrame = ResultFrame | ErrorFrame | EventFrame | LaggedFrame | TellFrame

/** A native call is an object with a `method` string and an `id`; anything else belongs to the door's home dialect. */
export const isCallFrame = (frame: unknown): frame is CallFrame =>
  typeof frame === 'object' &&
  frame !== null &&
  'method' in frame &&
  typeof frame.method === 'string' &&
  'id' in frame &&
  (typeof frame.id === 'string' || typeof frame.id === 'number')
