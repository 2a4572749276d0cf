// Photon's `ps`, case 57: what the daemon looks after, as conversations with the running binary.

import { expect, test } from 'bun:test'
import { openConversation } from '../support/conversation.ts'
import { withDaemon } from '../support/daemon.ts'

test('57: ps lists jobs, webhooks and sessions of its namespace; what ours has not is empty', async () => {
  await withDaemon({}, async (daemon) => {
    await using talk = openConversation(daemon.socket)
    await talk.play(`
      a > {"type":"ps","id":"p"}
      a < {"type":"result","id":"p","success":true,"data":{"active":[],"declared":[],"webhooks":[],"sessions":[],
          "suppressed":[],"lines":[],"suppressedLines":[]}}`)
    const job = { type: 'schedule', id: 's', method: 'tidy', cron: '0 * * * *', args: { deep: 1 } }
    for (const jobId of ['hourly', 'resting']) await talk.ask('a', { ...job, jobId })
    await talk.ask('a', { ...job, jobId: 'theirs', photonName: 'other' })
    const call = (method: string, params: object) => talk.ask('a', { id: 1, method, params })
    await call('job.pause', { id: 'resting' })
    await call('webhook.add', { name: 'ci', scheme: 'github', secret: 'only they know', do: 'tidy' })
    await call('event.publish', { channel: 'session:4fa7', type: 'Stop', data: { cwd: '/work' } })
    const hourly = `"id":"hourly","method":"tidy","cron":"0 * * * *","runCount":0,"createdAt":"#","createdBy":"*","nextRun":"#"`
    await talk.play(`
      a > {"type":"ps","id":"p"}
      a < {"type":"result","id":"p","success":true,"data":{
          "active":[{${hourly}}],
          "declared":[{${hourly},"active":true,"state":"scheduled"},
            {"id":"resting","method":"tidy","cron":"0 * * * *","runCount":0,"createdAt":"#","createdBy":"*","active":false,"state":"paused"}],
          "webhooks":[{"name":"ci","path":"/webhook/ci","scheme":"github","method":"tidy"}],
          "sessions":[{"id":"4fa7","workingDir":"/work","events":1,"createdAt":"#","lastActivity":"#"}],
          "suppressed":[],"lines":[],"suppressedLines":[]}}`)
    expect(await talk.ask('a', { type: 'ps', id: 'p', photonName: 'other' })).toMatchObject({
      data: { active: [{ id: 'theirs' }], webhooks: [], sessions: [] },
    })
  })
}, 30_000)

test('57: ps is one line under 64 KiB, and says which of its arrays are not whole', async () => {
  await withDaemon({}, async (daemon) => {
    await using talk = openConversation(daemon.socket)
    for (let n = 0; n < 150; n++) {
      const jobId = `${n} ${'ü'.repeat(100)}`
      await talk.ask('a', {
        type: 'schedule',
        id: 's',
        jobId,
        method: 'tidy',
        cron: '0 * * * *',
        args: 'x'.repeat(9000),
      })
    }
    const answer = await talk.ask('a', { type: 'ps', id: 'p' })
    expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(64 * 1024)
    expect(answer).toMatchObject({ success: true, data: { more: ['active', 'declared'] } })
  })
}, 30_000)
