// Makes `dist/client`: the TypeScript client as plain ES modules for Node 20, Bun and browsers, without a dependency,
// and its types. Not minified: who debugs a program may want to read it.

import { cpSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { basename, dirname, join } from 'node:path'
import { moduleDeclarations, protocolDeclarations, typeFile } from './declarations.ts'

const source = join(import.meta.dir, '../src/client')

/** Replaces `folder`, from one moment to the next. */
export const buildClient = async (folder: string): Promise<void> => {
  mkdirSync(dirname(folder), { recursive: true })
  const aside = mkdtempSync(join(dirname(folder), '.client-'))
  const made = join(aside, basename(folder))
  try {
    await bundle(['index.ts', 'photon.ts'], 'node', made)
    await bundle(['browser.ts'], 'browser', made)
    for (const [name, text] of await declarations()) await Bun.write(join(made, `${name}.d.ts`), text)
    replace(made, folder, join(aside, 'old'))
  } finally {
    rmSync(aside, { recursive: true, force: true })
  }
}

const bundle = async (files: string[], target: 'node' | 'browser', outdir: string): Promise<void> => {
  const { logs } = await Bun.build({
    entrypoints: files.map((file) => join(source, file)),
    target,
    format: 'esm',
    splitting: true,
    outdir,
    naming: { chunk: 'chunk-[hash].[ext]' },
  })
  for (const log of logs) console.error(log)
}

const declarations = async (): Promise<[string, string][]> => {
  const read = async (name: string) => typeFile(await Bun.file(join(source, `${name}.ts`)).text())
  return [
    ['protocol', protocolDeclarations()],
    ['types', await read('types')],
    ['photon-types', await read('photon-types')],
    ['index', moduleDeclarations('types', { connect: 'Connect' })],
    ['browser', moduleDeclarations('types', { connect: 'ConnectWeb' })],
    [
      'photon',
      moduleDeclarations('photon-types', {
        subscribeChannel: 'SubscribeChannel',
        publishToChannel: 'PublishToChannel',
        acquireLock: 'AcquireLock',
        releaseLock: 'ReleaseLock',
        listLocks: 'ListLocks',
        scheduleJob: 'ScheduleJob',
        unscheduleJob: 'UnscheduleJob',
        listJobs: 'ListJobs',
        pingDaemon: 'PingDaemon',
      }),
    ],
  ]
}

/** A folder cannot be renamed over another one. Another build at the same time may have been first: its files are as good. */
const replace = (made: string, folder: string, old: string): void => {
  try {
    renameSync(folder, old)
  } catch {
    // there was none
  }
  try {
    renameSync(made, folder)
  } catch {
    cpSync(made, folder, { recursive: true })
  }
}
