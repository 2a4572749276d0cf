// A prompt that says what the model shall answer: lines of it beginning with `::` are directives, one per line.
// So a test writes the whole conversation where it starts it, and the stand-in needs no state of its own.
//
//   ::tool Bash {"command":"true"}      one turn with a tool call; several lines are several turns, in order
//   ::par Bash {…} ;; Read {…}          one turn with tool calls side by side
//   ::say text                          the final text
//   ::slow 50                           pause before each piece of text, in ms
//   ::fail 529 2                        this status for the first two requests of the prompt (default: always)
//   ::hang                              begin an answer and never finish it

import { z } from 'zod'

export type ToolUse = { readonly name: string; readonly input: Record<string, unknown> }

export type Script = {
  /** the prompt's own text: what the script is known by */
  readonly prompt: string
  readonly turns: readonly (readonly ToolUse[])[]
  readonly text: string
  readonly slowMs: number
  readonly fail: { readonly status: number; readonly times: number } | undefined
  readonly hang: boolean
}

const block = z.looseObject({ type: z.string(), text: z.string().optional() })

/** What the stand-in reads of a Messages API request; everything else passes by. */
export const messagesRequest = z.looseObject({
  model: z.string().default('stand-in'),
  stream: z.boolean().default(false),
  messages: z.array(z.looseObject({ role: z.string(), content: z.union([z.string(), z.array(block)]) })),
})
export type MessagesRequest = z.infer<typeof messagesRequest>

/** Notes that the CLI puts between the user's own words. */
const notes = /<(system-reminder|local-command-[a-z]+|command-[a-z]+)>[\s\S]*?<\/\1>/g
const directive = /^\s*::(tool|par|say|slow|fail|hang)\b/m

const toolUse = (text: string): ToolUse => {
  const [, name, input] = /^(\S+)\s*(\{.*\})?$/.exec(text.trim()) ?? []
  if (!name) throw new Error(`Not a tool call: ${text}`)
  return { name, input: z.record(z.string(), z.unknown()).parse(JSON.parse(input ?? '{}')) }
}

export const readScript = (prompt: string): Script => {
  const said = new Map<string, string>()
  const turns: ToolUse[][] = []
  for (const line of prompt.split('\n')) {
    const [, word, rest = ''] = /^\s*::([a-z]+)\s*(.*)$/.exec(line) ?? []
    if (word === 'tool') turns.push([toolUse(rest)])
    else if (word === 'par') turns.push(rest.split(';;').map(toolUse))
    else if (word) said.set(word, rest)
  }
  const [status, times] = (said.get('fail') ?? '').split(/\s+/).filter(Boolean).map(Number)
  return {
    prompt,
    turns,
    text: said.get('say') ?? `Heard: ${prompt.slice(0, 60)}`,
    slowMs: Number(said.get('slow') ?? 0),
    fail: status ? { status, times: times ?? Infinity } : undefined,
    hang: said.has('hang'),
  }
}

/**
 * The script in force and how many of its tool turns are behind us. Reads from the newest text block backwards: after
 * an API error the CLI joins the unanswered prompt and the next one into one message, and hooks' words come as text
 * beside tool results.
 */
export const scriptOf = (messages: MessagesRequest['messages']): { script: Script; turnsDone: number } => {
  for (let at = messages.length - 1; at >= 0; at--) {
    const message = messages[at]
    if (message?.role !== 'user') continue
    const blocks =
      typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
    const answersTools = blocks.some((each) => each.type === 'tool_result')
    for (const each of blocks.toReversed()) {
      const words = each.type === 'text' ? (each.text ?? '').replace(notes, '').trim() : ''
      if (words && (directive.test(words) || !answersTools)) {
        return { script: readScript(words), turnsDone: messages.slice(at + 1).filter(callsTools).length }
      }
    }
  }
  return { script: readScript(''), turnsDone: 0 }
}

const callsTools = (message: MessagesRequest['messages'][number]): boolean =>
  message.role === 'assistant' &&
  typeof message.content !== 'string' &&
  message.content.some((each) => each.type === 'tool_use')
