// What comes in on a socket, document by document, to whoever speaks its dialect: photon, capture, native. What nobody
// knows, or what is no JSON, is answered in the words of the door's home.

import { PaidError } from '../protocol/error.ts'
import { limits } from '../protocol/limits.ts'
import { type Sink, splitDocuments } from '../lib/json-documents.ts'
import type { Dispatch } from '../core/dispatch.ts'
import { takeCapture } from './capture.ts'
import type { Connection } from './connection.ts'
import { errorReply, unknownCommand } from './dialects/capture.ts'
import { parseJson } from './dialects/json.ts'
import { isFields } from '../lib/fields.ts'
import { errorText, failureText, invalidFormat } from './dialects/photon/frames.ts'
import type { Photon } from './photon.ts'

export type HomeDialect = 'photon' | 'capture'

type Home = {
  readonly unknown: (frame: unknown) => string
  readonly malformed: (error: PaidError) => string
}

const homes: Record<HomeDialect, Home> = {
  photon: {
    unknown: (frame) => errorText(isFields(frame) ? frame['id'] : undefined, invalidFormat),
    malformed: (error) =>
      error.code === 'invalid_json' ? errorText(undefined, error.message) : failureText('unknown', error),
  },
  capture: {
    unknown: unknownCommand,
    malformed: (error) => errorReply(error.message),
  },
}

export const createReceiver = ({
  connection,
  photon,
  dispatch,
  home,
}: {
  connection: Connection
  photon: Photon
  dispatch: Dispatch
  home: HomeDialect
}): Sink => {
  const { unknown, malformed } = homes[home]

  const document = (text: string): void => {
    let frame: unknown
    try {
      frame = parseJson(text)
    } catch (error) {
      if (!(error instanceof PaidError)) throw error
      const documents = error.code === 'invalid_json' ? splitDocuments(text) : undefined
      if (documents) for (const each of documents) document(each)
      else connection.take(malformed(error))
      return
    }
    // a command may have any fields beside it, of which one may be another dialect's
    const first = home === 'capture' && takeCapture(connection, dispatch, frame)
    if (first || photon.take(frame) || connection.call(frame) || takeCapture(connection, dispatch, frame))
      return
    connection.take(unknown(frame))
  }

  return {
    document,
    tooLong: () =>
      connection.take(
        malformed(new PaidError('too_large', `A line is longer than ${limits.lineBytes} bytes`)),
      ),
  }
}
