// Whether a daemon could be started with `config.json` and the PAID_* variables as they are.

import { PaidError } from '../../protocol/error.ts'
import { checkedToken } from '../../protocol/token.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok } from './finding.ts'

export const checkConfig = ({ config, env }: Facts): Finding[] => {
  const trouble = config instanceof PaidError ? config : tokenTrouble(env['PAID_TOKEN'])
  return [
    trouble
      ? failed('config', trouble.message, trouble.hint)
      : ok('config', 'config.json and PAID_* variables say nothing wrong'),
  ]
}

const tokenTrouble = (given: string | undefined): PaidError | undefined => {
  if (given === undefined || given === '') return undefined
  try {
    checkedToken(given, 'PAID_TOKEN')
  } catch (error) {
    if (error instanceof PaidError) return error
    throw error
  }
  return undefined
}
