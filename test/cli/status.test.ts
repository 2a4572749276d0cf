import { expect, test } from 'bun:test'
import { statusLines } from '../../src/cli/commands/status.ts'
import type { Status } from '../../src/protocol/system.ts'

const status: Status = {
  version: '0.1.0',
  pid: 42,
  startedAt: 0,
  uptimeMs: 3_700_000,
  home: '/home/dev/.paid',
  urls: ['http://127.0.0.1:8787'],
  webhookUrls: [],
  sockets: ['/home/dev/.paid/paid.sock'],
  ready: true,
  log: {
    id: 'x',
    epoch: 0,
    head: 1_234_567,
    events: 1_234_567,
    types: {},
    sessions: 1,
    bytes: 3_500_000,
    writable: true,
    lostGroups: 0,
    check: 'none',
  },
  peers: { sockets: 1, webSockets: 0, streams: 2, subscriptions: 3, lagged: 0 },
  spool: { waiting: 0, taken: 4, dropped: 0, refused: 0 },
  refused: {},
  memoryBytes: 60_000_000,
  recentSessions: [
    {
      kind: 'heard',
      id: '4fa77bb5-9e7a-4bdd-95dd-47d4bba3893f',
      folder: '/home/dev/project',
      title: 'a title\u001b[2J',
      events: 12,
      firstAt: 0,
      firstEvent: 'evt_1',
      lastAt: 100_000,
      lastEvent: 'evt_12',
      lastType: 'Stop',
    },
  ],
}

test('status is a few aligned lines', () => {
  expect(statusLines(status, 160_000)).toEqual([
    'paid      0.1.0, pid 42, up 1h 1m',
    'listens   http://127.0.0.1:8787',
    'home      /home/dev/.paid',
    'events    1,234,567 events in 1 session, 3.3 MiB',
    'clients   1 socket, 0 WebSockets, 2 streams; 3 subscriptions, 0 fell behind',
    'spool     0 waiting, 4 taken in, 0 dropped',
    'memory    57 MiB',
    String.raw`sessions  4fa77bb5  1m ago      12 events     /home/dev/project  a title\e[2J`,
  ])
})

test('status says what is wrong', () => {
  const text = statusLines({
    ...status,
    ready: false,
    refused: { origin: 3, token: 0 },
    log: { ...status.log, writable: false, check: 'damaged', lostGroups: 2 },
  }).join('\n')
  for (const word of ['NOT READY', 'CANNOT BE WRITTEN', 'DAMAGED', '2 groups', '3 origin'])
    expect(text).toContain(word)
  expect(text).not.toContain('token')
})
