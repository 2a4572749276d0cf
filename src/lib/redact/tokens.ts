// Tokens that tell by their beginning whose they are. Each shape is tried only where its beginning stands, and reads a
// bounded number of characters there.

import { beginsWord, type Found } from './found.ts'

type Shape = { readonly kind: string; readonly begins: readonly string[]; readonly shape: RegExp }

const shapes: readonly Shape[] = [
  { kind: 'anthropic-key', begins: ['sk-ant-'], shape: /sk-ant-[\w-]{16,256}/y },
  {
    kind: 'openai-key',
    begins: ['sk-'],
    shape: /sk-(?:(?:proj|svcacct|admin|None)-[\w-]{20,256}|[A-Za-z0-9]{32,64}(?![\w-]))/y,
  },
  {
    kind: 'github-token',
    begins: ['ghp_', 'gho_', 'ghu_', 'ghs_', 'ghr_'],
    shape: /gh[pousr]_[A-Za-z0-9]{30,255}/y,
  },
  { kind: 'github-token', begins: ['github_pat_'], shape: /github_pat_\w{22,255}/y },
  {
    kind: 'gitlab-token',
    begins: ['glpat-', 'gldt-', 'glrt-', 'glcbt-', 'glptt-', 'glft-', 'glimt-', 'glagent-', 'glsoat-'],
    shape: /gl(?:pat|dt|rt|cbt|ptt|ft|imt|agent|soat)-[\w.-]{18,300}/y,
  },
  {
    kind: 'aws-access-key',
    begins: ['AKIA', 'ASIA', 'ABIA', 'ACCA'],
    shape: /A(?:KIA|SIA|BIA|CCA)[A-Z0-9]{16}(?![A-Za-z0-9])/y,
  },
  { kind: 'google-key', begins: ['AIza'], shape: /AIza[\w-]{35}(?![\w-])/y },
  { kind: 'google-key', begins: ['GOCSPX-'], shape: /GOCSPX-[\w-]{24,64}/y },
  { kind: 'google-token', begins: ['ya29.'], shape: /ya29\.[\w-]{20,1024}/y },
  {
    kind: 'slack-token',
    begins: ['xoxb-', 'xoxp-', 'xoxa-', 'xoxr-', 'xoxs-', 'xoxe-', 'xoxe.', 'xapp-'],
    shape: /(?:xox[abeprs][-.]|xapp-)[A-Za-z0-9.-]{16,300}/y,
  },
  {
    kind: 'slack-webhook',
    begins: ['hooks.slack.com/'],
    shape: /hooks\.slack\.com\/(?:services|workflows|triggers)\/[\w/-]{16,200}/y,
  },
  {
    kind: 'stripe-key',
    begins: ['sk_live_', 'sk_test_', 'rk_live_', 'rk_test_'],
    shape: /[sr]k_(?:live|test)_[A-Za-z0-9]{16,255}/y,
  },
  { kind: 'webhook-secret', begins: ['whsec_'], shape: /whsec_[\w+/=-]{20,255}/y },
  { kind: 'npm-token', begins: ['npm_'], shape: /npm_[A-Za-z0-9]{36,80}(?!\w)/y },
  { kind: 'pypi-token', begins: ['pypi-AgEI'], shape: /pypi-AgEI[\w-]{50,1024}/y },
  { kind: 'huggingface-token', begins: ['hf_'], shape: /hf_[A-Za-z0-9]{30,80}(?!\w)/y },
  { kind: 'sendgrid-key', begins: ['SG.'], shape: /SG\.[\w-]{16,64}\.[\w-]{16,128}/y },
  {
    kind: 'digitalocean-token',
    begins: ['dop_v1_', 'doo_v1_', 'dor_v1_'],
    shape: /do[opr]_v1_[a-f0-9]{64}/y,
  },
  {
    kind: 'jwt',
    begins: ['eyJ'],
    shape: /eyJ[\w-]{8,8192}\.eyJ[\w-]{4,65536}\.[\w-]{8,8192}/y,
  },
]

const shapeOf = new Map(
  shapes.flatMap((shape) => shape.begins.map((beginning) => [beginning, shape] as const)),
)
/** the longest first, so that `sk-ant-` is not taken for `sk-` */
const beginnings = new RegExp(
  [...shapeOf.keys()]
    .toSorted((a, b) => b.length - a.length)
    .map((beginning) => RegExp.escape(beginning))
    .join('|'),
  'g',
)

export function* tokens(text: string): Generator<Found> {
  let done = 0
  for (const { 0: beginning, index: start } of text.matchAll(beginnings)) {
    const found = shapeOf.get(beginning)
    if (!found || start < done || !beginsWord(text, start)) continue
    const { kind, shape } = found
    shape.lastIndex = start
    if (!shape.test(text)) continue
    yield { start, end: shape.lastIndex, kind }
    done = shape.lastIndex
  }
}
