// Whether a daemon could be started with `config.json` and the PAID_* variables as they are.

import { PaidError } from '../../protocol/error.ts'
import type { Facts } from './facts.ts'
import { failed, type Finding, ok } from './finding.ts'

export const checkConfig = ({ config }: Facts): Finding[] =>
  config instanceof PaidError
    ? [failed('config', config.message, config.hint)]
    : [ok('config', 'config.json and PAID_* variables say nothing wrong')]
