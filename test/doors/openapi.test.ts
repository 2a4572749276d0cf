// The documents a newcomer's tools read: GET /openapi.json, held against the OpenAPI 3.1 schema (its JSON Schemas
// too), and GET /methods.

import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { validate } from '@hyperjump/json-schema/openapi-3-1'
import { z } from 'zod'
import { api } from '../../src/protocol/api.ts'
import { startDaemon, type TestDaemon } from '../support/daemon.ts'
import { createHttp, type Http } from '../support/http.ts'

const openApi31 = 'https://spec.openapis.org/oas/3.1/schema-base'

const document = z.looseObject({
  openapi: z.string(),
  paths: z.record(
    z.string(),
    z.record(
      z.string(),
      z.looseObject({
        operationId: z.string(),
        security: z.array(z.unknown()).optional(),
        requestBody: z
          .looseObject({ content: z.record(z.string(), z.looseObject({ example: z.unknown().optional() })) })
          .optional(),
      }),
    ),
  ),
})

let daemon: TestDaemon
let http: Http
let text: string
let described: z.infer<typeof document>

beforeAll(async () => {
  daemon = await startDaemon()
  http = createHttp(daemon.url, { token: daemon.token })
  text = (await http.get('/openapi.json')).text
  described = document.parse(JSON.parse(text))
})
afterAll(() => daemon.stop())

describe('GET /openapi.json', () => {
  test('is valid against the OpenAPI 3.1 schema', async () => {
    expect(await validate(openApi31, JSON.parse(text), 'BASIC')).toEqual({ valid: true })
  })

  test('is judged by a schema that finds faults, also in the JSON Schemas inside', async () => {
    for (const [right, wrong] of [
      ['"in":"query"', '"in":"nowhere"'],
      ['"type":"integer"', '"type":"whole"'],
    ] as const) {
      expect(text).toContain(right)
      expect(await validate(openApi31, JSON.parse(text.replace(right, wrong)), 'BASIC')).toMatchObject({
        valid: false,
      })
    }
  })

  test('names every method, and gives every operation a name of its own', () => {
    const calls = Object.keys(described.paths).filter((path) => path.startsWith('/call/'))
    expect(calls.sort()).toEqual(
      Object.keys(api)
        .map((name) => `/call/${name}`)
        .sort(),
    )
    const operations = Object.values(described.paths).flatMap((methods) => Object.values(methods))
    const ids = operations.map(({ operationId }) => operationId)
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('describes paths that exist, with the HTTP methods they take', async () => {
    for (const [path, methods] of Object.entries(described.paths)) {
      const allow = (await http.send('OPTIONS', path)).headers.get('allow')?.split(', ') ?? []
      const named = Object.keys(methods).map((method) => method.toUpperCase())
      expect({ path, allow: allow.filter((method) => method !== 'HEAD').sort() }).toEqual({
        path,
        allow: named.sort(),
      })
    }
  })

  test('says which paths need no token, and those need none', async () => {
    const stranger = createHttp(daemon.url)
    for (const [path, methods] of Object.entries(described.paths)) {
      if (!methods['get']) continue
      const open = methods['get'].security?.length === 0
      expect({ path, status: (await stranger.get(path)).status }).toEqual({ path, status: open ? 200 : 401 })
    }
  })

  test('has examples that the methods take', () => {
    for (const [path, methods] of Object.entries(described.paths)) {
      for (const content of Object.values(methods['post']?.requestBody?.content ?? {})) {
        const name = path.slice('/call/'.length)
        const method = Object.entries(api).find(([known]) => known === name)?.[1]
        if (method) expect(method.params.safeParse(content.example).success).toBe(true)
      }
    }
  })
})

test('GET /methods lists every method with what it takes and gives', async () => {
  const shape = z.object({
    methods: z.array(
      z.object({
        name: z.string(),
        summary: z.string().min(1),
        access: z.enum(['read', 'write', 'admin']),
        params: z.record(z.string(), z.unknown()),
        result: z.record(z.string(), z.unknown()),
        example: z.unknown(),
      }),
    ),
  })
  const { methods } = shape.parse((await http.get('/methods')).json())
  expect(methods.map(({ name }) => name).sort()).toEqual(Object.keys(api).sort())
})
