// What the suites of the socket have in common: how long they measure, and the two programs that do.

import type { Exchanged, ExchangeOptions } from '../exchange.ts'
import type { ListenerOptions } from '../listeners.ts'
import type { Fanned, Publishing } from '../publishing.ts'
import type { Stage } from '../stage.ts'

export type Times = { rounds: number; warmMs: number; runMs: number }

export const exchange = (
  stage: Stage,
  options: Omit<ExchangeOptions, 'warmMs' | 'runMs'>,
  { warmMs, runMs }: Times,
): Promise<Exchanged> =>
  stage.measure<Exchanged>('exchange.ts', { ...options, warmMs, runMs }, warmMs + runMs)

export const fan = (
  stage: Stage,
  {
    publish,
    ...options
  }: Omit<ListenerOptions, 'publish'> & { publish: Omit<Publishing, 'warmMs' | 'runMs'> },
  { warmMs, runMs }: Times,
): Promise<Fanned> =>
  stage.measure<Fanned>(
    'listeners.ts',
    { ...options, publish: { ...publish, warmMs, runMs } } satisfies ListenerOptions,
    warmMs + runMs,
  )

export const subscribeLine = (channel: string): string =>
  JSON.stringify({ type: 'subscribe', id: 's1', channel })

export const publishLine = (channel: string, message: unknown): string =>
  JSON.stringify({ type: 'publish', id: 'p1', channel, message })
