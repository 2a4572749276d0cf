// Every option of the daemon (config/options.ts): from one schema come the defaults, the `config.json` of a home, the
// PAID_* environment, what a flag may say, and the table in the README.
// What is said nearest wins: flags, then environment, then file, then default. An unknown key or a bad value is
// refused with where it stands and what was expected; nothing is guessed.

import { z } from 'zod'
import { type OptionRow, optionRows, options } from './config/options.ts'
import { type Auth, type Listener, formatAddress, parseListener } from './listener.ts'
import type { Paths } from './paths.ts'
import { type SocketPlace, socketPlaces } from './socket-place.ts'
import { readOwn } from './lib/own-place.ts'
import { type Flags, saidFlags } from './lib/start-flags.ts'
import { PaidError } from './protocol/error.ts'

export type Config = Omit<z.output<typeof options>, 'listen' | 'photon' | 'sockets' | 'webhooks'> & {
  listeners: Listener[]
  webhooks: { listeners: Listener[]; ratePerMinute: number }
  /** besides the home's own */
  sockets: SocketPlace[]
  /** the flags it was made with, so that a restart can say them again */
  flags: Flags
}

export type ConfigSources = { paths: Paths; env?: Record<string, string | undefined>; flags?: Flags }

/** Throws `bad_request`, naming the place, for whatever it does not take. */
export const loadConfig = ({ paths, env = {}, flags = {} }: ConfigSources): Config => {
  const settings = readFile(paths.config)
  const places = new Map<string, string>()
  for (const row of optionRows()) {
    const text = env[row.env]
    if (text === undefined || text === '') continue
    put(settings, row.key, fromText(row, text))
    places.set(row.key, row.env)
  }
  for (const { name, option, value } of saidFlags(flags)) {
    put(settings, option, value)
    places.set(option, `--${name}`)
  }

  const checked = options.safeParse(settings)
  if (!checked.success) throw refusal(checked.error, settings, paths.config, places)
  const { listen, photon, sockets: others, webhooks, ...rest } = checked.data
  const place = places.get('listen') ?? `${paths.config}: listen`
  const sockets = socketPlaces({
    photons: photon.sockets,
    photonGlobal: photon.global,
    captureLegacy: rest.capture.legacySocket,
    others,
    taken: [paths.socket, paths.httpSocket],
    env,
  })
  const listeners = listenersOf(listen, rest.auth, place)
  const webhookPlace = places.get('webhooks.listen') ?? `${paths.config}: webhooks.listen`
  const { ratePerMinute } = webhooks
  return {
    ...rest,
    listeners,
    webhooks: { listeners: webhookListenersOf(webhooks.listen, listeners, webhookPlace), ratePerMinute },
    sockets,
    flags,
  }
}

/** A variable's text as the value its option takes; what does not fit stays text, and the schema says so. */
const fromText = ({ schema }: OptionRow, text: string): unknown => {
  if (schema instanceof z.ZodArray) return text.split(/\s+/).filter((word) => word !== '')
  if (schema instanceof z.ZodBoolean && /^(true|false)$/.test(text.trim())) return text.trim() === 'true'
  if (schema instanceof z.ZodNumber && /^-?\d+(\.\d+)?$/.test(text.trim())) return Number(text)
  return text
}

type Settings = Record<string, unknown>

const isSettings = (value: unknown): value is Settings =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const put = (settings: Settings, key: string, value: unknown): void => {
  const path = key.split('.')
  const last = path.pop() ?? key
  let into = settings
  for (const name of path) {
    const inner = into[name]
    // A file that holds something else here is the schema's to refuse.
    if (inner !== undefined && !isSettings(inner)) return
    into = into[name] = { ...inner }
  }
  into[last] = value
}

const valueAt = (settings: Settings, path: readonly PropertyKey[]): unknown =>
  path.reduce<unknown>((value, name) => (isSettings(value) ? value[String(name)] : undefined), settings)

const readFile = (file: string): Settings => {
  let text: string
  try {
    text = readOwn(file)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return {}
    const reason = error instanceof Error ? error.message : String(error)
    throw new PaidError(
      'bad_request',
      `${file} cannot be read: ${reason}`,
      'Look at its owner and mode, or remove it.',
    )
  }
  const hint = 'It is one JSON object, like {"listen": ["127.0.0.1:8787"]}.'
  try {
    const settings: unknown = JSON.parse(text)
    if (isSettings(settings)) return settings
  } catch (error) {
    const reason = error instanceof Error ? error.message : 'it does not parse'
    throw new PaidError('bad_request', `${file} is not JSON: ${reason}`, hint)
  }
  throw new PaidError('bad_request', `${file} does not hold a JSON object`, hint)
}

const refusal = (error: z.ZodError, settings: Settings, file: string, places: Map<string, string>) => {
  const issue = error.issues[0]
  const path = issue?.path ?? []
  const hint = `Options: ${optionRows()
    .map((row) => row.key)
    .join(', ')}.`
  if (issue?.code === 'unrecognized_keys') {
    const unknown = [...path, issue.keys[0]].join('.')
    return new PaidError('bad_request', `${file}: there is no option "${unknown}"`, hint)
  }
  const key = path.filter((part) => typeof part === 'string').join('.')
  const place = places.get(key) ?? `${file}: ${key}`
  const expected =
    issue?.code === 'invalid_type' && issue.expected === 'object' ? 'an object' : issue?.message
  const got = clip(JSON.stringify(valueAt(settings, path.slice(0, key.split('.').length))))
  return new PaidError('bad_request', `${place} must be ${expected}, not ${got}`, hint)
}

const clip = (text: string | undefined): string =>
  text === undefined ? 'nothing' : text.length > 80 ? `${text.slice(0, 79)}…` : text

/** Each webhook judges for itself who may come in, so these ask for no token, wherever they listen. */
const webhookListenersOf = (listen: string[], others: readonly Listener[], place: string): Listener[] => {
  const optioned = listen.find((text) => text.includes(','))
  if (optioned !== undefined)
    throw new PaidError(
      'bad_request',
      `${place}: "${optioned}" has options`,
      'It takes none: write host:port.',
    )
  const listeners = listen.map((text) => parseListener(text, 'token', place))
  return onceEach([...others, ...listeners], place).slice(others.length)
}

const listenersOf = (listen: string[], auth: Auth, place: string): Listener[] =>
  onceEach(
    listen.map((text) => parseListener(text, auth, place)),
    place,
  )

const onceEach = (listeners: Listener[], place: string): Listener[] => {
  const seen = new Set<string>()
  for (const listener of listeners) {
    const address = formatAddress(listener)
    if (listener.port !== 0 && seen.has(address))
      throw new PaidError('bad_request', `${place}: ${address} is named twice`, 'Name each address once.')
    seen.add(address)
  }
  return listeners
}
