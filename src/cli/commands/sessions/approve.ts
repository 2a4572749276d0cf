// `paid sessions approve ID`: lets a session do what it asks for.

import { z } from 'zod'
import { readJson } from '../../input.ts'
import { WrongUsage } from '../../wrong-usage.ts'
import { answer } from './answer.ts'

type Given = { id: string; request?: string | undefined; always: boolean; input?: string | undefined }

const approve = async ({ id, request, always, input }: Given): Promise<number> => {
  const changed =
    input === undefined
      ? undefined
      : z.record(z.string(), z.unknown()).safeParse(await readJson(input, '--input'))
  if (changed && !changed.success) throw new WrongUsage('--input is a JSON object')
  return await answer({ id, request, allow: true, always, ...(changed && { input: changed.data }) })
}

export default approve
