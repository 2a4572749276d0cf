// citty takes a promise or a function wherever a tree may have the thing itself; ours has the thing itself.

import type { ArgsDef, CommandDef, CommandMeta, Resolvable, SubCommandsDef } from 'citty'

export const resolved = async <T extends ArgsDef | CommandDef | CommandMeta | SubCommandsDef>(
  said: Resolvable<T>,
): Promise<T> => (typeof said === 'function' ? await said() : await said)
