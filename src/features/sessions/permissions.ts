// What a session asks of somebody: leave for a tool, or what one of its MCP servers wants to know. Whoever answers first
// decides, and the others learn who it was; nothing that happens to a daemon or to a client is an answer.

import type { Clock } from '../../lib/clock.ts'
import { keepNewest } from '../../lib/newest.ts'
import type { Decision } from '../../protocol/hooks.ts'
import type { Told } from './told.ts'
import { type Fields, fieldsIn, isFields, kept, textIn } from './line.ts'

/** who answered is remembered of so many */
const rememberedAnswers = 100

type Asked = {
  request: string
  /** or the MCP server that asks */
  tool: string
  input: Fields
  suggestions: Fields[]
  at: number
  kind: 'permission' | 'elicitation'
}

export type Answer = {
  allow: boolean
  always: boolean
  message?: string | undefined
  input?: Fields | undefined
}

export const createPermissions = (clock: Clock) => {
  const asked = new Map<string, Asked>()
  const answers = new Map<string, string>()

  const remember = (request: string, by: string): void => {
    answers.set(request, by)
    keepNewest(answers, rememberedAnswers)
  }

  const cancel = (request: string, why: string, by = 'claude'): Told | undefined => {
    const each = asked.get(request)
    if (!each) return undefined
    asked.delete(request)
    remember(request, by)
    return { type: `${each.kind}.cancelled`, data: { request, why } }
  }

  return {
    get open(): readonly Asked[] {
      return [...asked.values()]
    },

    /** Gives back what is told of it. */
    ask: (request: string, wanted: Fields): Told => {
      const suggestions = wanted['permission_suggestions']
      const each: Asked = {
        request,
        tool: textIn(wanted, 'tool_name') ?? 'unknown',
        input: fieldsIn(wanted, 'input'),
        suggestions: Array.isArray(suggestions) ? suggestions.filter(isFields) : [],
        at: clock.now(),
        kind: 'permission',
      }
      asked.set(request, each)
      const toolUse = textIn(wanted, 'tool_use_id')
      const description = textIn(wanted, 'description')
      return {
        type: 'permission.requested',
        data: {
          request,
          tool: each.tool,
          ...(toolUse !== undefined && { toolUse }),
          input: kept(each.input),
          ...(description !== undefined && { description: kept(description) }),
          suggestions: kept(each.suggestions),
        },
      }
    },

    /** The same of an MCP server's question. */
    elicit: (request: string, wanted: Fields): Told => {
      const server = textIn(wanted, 'mcp_server_name') ?? 'unknown'
      asked.set(request, {
        request,
        tool: server,
        input: {},
        suggestions: [],
        at: clock.now(),
        kind: 'elicitation',
      })
      const { message, mode, requested_schema: schema, url } = wanted
      return {
        type: 'elicitation.requested',
        data: {
          request,
          server,
          message: kept(message),
          mode: kept(mode),
          schema: kept(schema),
          url: kept(url),
        },
      }
    },

    /** Nobody answered a server's question in time: what to write and to tell; undefined when somebody did. */
    giveUp: (request: string): { line: object; told: Told } | undefined => {
      const told = cancel(request, 'Nobody answered it in time')
      return told && { line: responseLine(request, { action: 'cancel' }), told }
    },

    /** What to write to the session, what that decides and what to tell, or who was first; undefined when it was never asked. */
    answer: (
      request: string,
      { allow, always, message, input }: Answer,
      by: string,
    ): { line: object; decision?: Decision; told: Told } | { first: string } | undefined => {
      const each = asked.get(request)
      if (!each) {
        const first = answers.get(request)
        return first === undefined ? undefined : { first }
      }
      asked.delete(request)
      remember(request, by)
      if (each.kind === 'elicitation') {
        const action = allow ? 'accept' : 'decline'
        const content = allow ? (input ?? {}) : undefined
        return {
          line: responseLine(request, { action, ...(content && { content }) }),
          told: {
            type: 'elicitation.answered',
            by,
            data: { request, server: each.tool, action, by, ...(content && { content: kept(content) }) },
          },
        }
      }
      const decision: Decision = allow
        ? {
            behavior: 'allow',
            ...(input && { updatedInput: input }),
            ...(always && { updatedPermissions: rulesFor(each) }),
          }
        : { behavior: 'deny', message: message ?? 'The user said no', interrupt: false }
      return {
        // over its output a session is always told the tool's input
        line: responseLine(request, allow ? { updatedInput: each.input, ...decision } : decision),
        decision,
        told: {
          type: 'permission.answered',
          by,
          data: {
            request,
            tool: each.tool,
            allow,
            by,
            ...(always && { always }),
            ...(message !== undefined && { message }),
            ...(input && { input: kept(input) }),
          },
        },
      }
    },

    /** Nobody needs to answer it any more; undefined when nobody had to. */
    cancel,
    cancelAll: (why: string): Told[] => [...asked.keys()].flatMap((request) => cancel(request, why) ?? []),
  }
}

export type Permissions = ReturnType<typeof createPermissions>

const responseLine = (request: string, response: object): object => ({
  type: 'control_response',
  response: { subtype: 'success', request_id: request, response },
})

/** What Claude Code itself suggests to allow from now on; else this tool, while the session lasts. */
const rulesFor = ({ tool, suggestions }: Asked): Fields[] => {
  const rules = suggestions.filter(
    ({ type, behavior }) => type === 'addRules' && (behavior === undefined || behavior === 'allow'),
  )
  if (rules.length > 0) return rules
  return [{ type: 'addRules', rules: [{ toolName: tool }], behavior: 'allow', destination: 'session' }]
}
