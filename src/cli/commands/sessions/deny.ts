// `paid sessions deny ID`: does not let a session do what it asks for.

import { answer } from './answer.ts'

type Given = { id: string; request?: string | undefined; message?: string | undefined }

const deny = ({ id, request, message }: Given): Promise<number> =>
  answer({ id, request, allow: false, ...(message !== undefined && { message }) })

export default deny
