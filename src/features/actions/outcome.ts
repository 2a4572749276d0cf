// How a run ends: with a result, or with a failure that says why in a few words.

import { limits } from '../../protocol/limits.ts'
import { PaidError } from '../../protocol/error.ts'
import { isDeeper } from '../../lib/json-depth.ts'

export type Outcome = {
  result: unknown
  /** of a command */
  exitCode?: number
  /** of an HTTP request */
  status?: number
  /** there was more than is kept */
  truncated?: true
}

/** why a run failed, as its event says it */
export type Reason =
  | 'exit'
  | 'not_started'
  | 'http'
  | 'network'
  | 'thrown'
  | 'gone'
  | 'refused'
  | 'timeout'
  | 'stopped'
  | 'lost'

export class RunFailed extends PaidError {
  readonly reason: Reason
  readonly exitCode: number | undefined
  readonly httpStatus: number | undefined

  constructor(
    reason: Reason,
    message: string,
    {
      code = 'action_failed',
      hint,
      exitCode,
      status,
    }: {
      code?: ConstructorParameters<typeof PaidError>[0]
      hint?: string | undefined
      exitCode?: number | undefined
      status?: number | undefined
    } = {},
  ) {
    super(code, message, hint)
    this.reason = reason
    this.exitCode = exitCode
    this.httpStatus = status
  }
}

/** What a text says as a result: the JSON that it is, else the text without its last line's end; nothing is null. */
export const resultOf = (text: string, truncated: boolean): { result: unknown; truncated?: true } => {
  if (truncated) return { result: text, truncated: true }
  if (text.trim() === '') return { result: null }
  try {
    const value: unknown = JSON.parse(text)
    if (!isDeeper(value, limits.jsonDepth)) return { result: value }
  } catch {
    // it is no JSON
  }
  return { result: text.replace(/\r?\n$/, '') }
}

/** The beginning of a stream as text, as much as is kept of a result. */
export const createKept = (limit: number = limits.actionResultBytes) => {
  const chunks: Uint8Array[] = []
  let bytes = 0
  let more = false
  return {
    take: (chunk: Uint8Array): void => {
      const rest = limit - bytes
      if (chunk.length > rest) more = true
      if (rest <= 0) return
      const part = chunk.subarray(0, rest)
      chunks.push(part)
      bytes += part.length
    },
    /** whether something was left out */
    get truncated(): boolean {
      return more
    },
    get text(): string {
      return Buffer.concat(chunks).toString('utf8')
    },
  }
}
