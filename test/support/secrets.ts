// Secrets that are nobody's, made from a seed in the shapes of the real ones, and innocent texts that look like them.

const letters = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'
const digits = '0123456789'
const word = letters + digits
const hex = '0123456789abcdef'

export type Random = (below: number) => number

/** A small generator of numbers: the same seed, the same row. */
export const seeded = (seed: number): Random => {
  let state = seed
  return (below) => {
    state = (state * 48_271) % 2_147_483_647
    return state % below
  }
}

const of = (random: Random, alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet[random(alphabet.length)]).join('')

/** letters and digits, of both at least one */
const mixed = (random: Random, length: number): string => `${of(random, word, length - 2)}k7`

type Maker = (random: Random) => { secret: string; around?: (secret: string) => string }

const inUpperCase = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** One of each kind that the redactor promises to know. */
export const trueSecrets: Readonly<Record<string, Maker>> = {
  anthropic: (r) => ({ secret: `sk-ant-api03-${of(r, `${word}-_`, 93)}AA` }),
  'openai project': (r) => ({ secret: `sk-proj-${of(r, word, 74)}T3BlbkFJ${of(r, word, 74)}` }),
  'openai classic': (r) => ({ secret: `sk-${of(r, word, 20)}T3BlbkFJ${of(r, word, 20)}` }),
  'github classic': (r) => ({ secret: `gh${of(r, 'posur', 1)}_${of(r, word, 36)}` }),
  'github fine-grained': (r) => ({ secret: `github_pat_${of(r, word, 22)}_${of(r, word, 59)}` }),
  gitlab: (r) => ({ secret: `glpat-${of(r, `${word}_-`, 20)}` }),
  'aws access key': (r) => ({ secret: `AKIA${of(r, inUpperCase, 16)}` }),
  'aws secret key': (r) => ({
    secret: of(r, `${word}/+`, 40),
    around: (secret) => `aws_secret_access_key = ${secret}`,
  }),
  google: (r) => ({ secret: `AIza${of(r, `${word}_-`, 35)}` }),
  'google client': (r) => ({ secret: `GOCSPX-${of(r, `${word}_-`, 28)}` }),
  'slack bot': (r) => ({ secret: `xoxb-${of(r, digits, 12)}-${of(r, digits, 13)}-${of(r, word, 24)}` }),
  'slack webhook': (r) => ({
    secret: `T${of(r, inUpperCase, 8)}/B${of(r, inUpperCase, 8)}/${of(r, word, 24)}`,
    around: (secret) => `https://hooks.slack.com/services/${secret}`,
  }),
  stripe: (r) => ({ secret: `sk_live_${of(r, word, 24)}` }),
  'stripe webhook': (r) => ({ secret: `whsec_${of(r, word, 32)}` }),
  npm: (r) => ({ secret: `npm_${of(r, word, 36)}` }),
  jwt: (r) => ({
    secret: `eyJhbGciOiJIUzI1NiJ9.eyJ${of(r, word, 40)}.${of(r, `${word}_-`, 43)}`,
  }),
  'private key': (r) => ({
    secret: `-----BEGIN ${['RSA ', 'EC ', 'OPENSSH ', ''][r(4)] ?? ''}PRIVATE KEY-----\n${of(r, `${word}+/`, 64)}\n${of(r, `${word}+/`, 64)}\n-----END PRIVATE KEY-----`,
  }),
  'password in an address': (r) => ({
    secret: mixed(r, 14),
    around: (secret) => `postgres://app:${secret}@db.internal:5432/main`,
  }),
  'line of a .env': (r) => ({
    secret: mixed(r, 20),
    around: (secret) =>
      `${['DB_PASSWORD', 'SESSION_SECRET', 'API_TOKEN', 'STRIPE_API_KEY', 'ADMIN_PWD'][r(5)] ?? ''}=${secret}`,
  }),
  'field of a configuration': (r) => ({
    secret: mixed(r, 24),
    around: (secret) =>
      `"${['apiKey', 'client_secret', 'authToken', 'password', 'access_key'][r(5)] ?? ''}": "${secret}"`,
  }),
  'password in prose': (r) => ({ secret: mixed(r, 10), around: (secret) => `my password is ${secret}` }),
  'header of a request': (r) => ({
    secret: mixed(r, 32),
    around: (secret) => `authorization: Bearer ${secret}`,
  }),
}

/** Where a secret may stand. */
export const surroundings: readonly ((text: string) => string)[] = [
  (text) => text,
  (text) => `Here it is: ${text} and nothing more.`,
  (text) => `line one\n${text}\nline three`,
  (text) => `const value = '${text}'`,
  (text) => JSON.stringify({ content: `first\n${text}\nlast` }),
  (text) => `| name | ${text} |`,
]

/** Texts that hold no secret, as sessions are full of them. */
export const innocents = (random: Random): readonly string[] => {
  const sha = of(random, hex, 40)
  const uuid = `${of(random, hex, 8)}-${of(random, hex, 4)}-4${of(random, hex, 3)}-a${of(random, hex, 3)}-${of(random, hex, 12)}`
  const base64 = of(random, `${word}+/`, 400)
  return [
    `commit ${sha}`,
    `index ${sha.slice(0, 7)}..${sha.slice(8, 15)} 100644`,
    `"sha256:${of(random, hex, 64)}"`,
    `"integrity": "sha512-${of(random, `${word}+/`, 86)}=="`,
    `session ${uuid} ended`,
    `"requestId":"req_${of(random, word, 24)}"`,
    `"id":"toolu_${of(random, word, 24)}","name":"Bash"`,
    `"id":"msg_${of(random, word, 24)}"`,
    `![logo](data:image/png;base64,iVBORw0KGgo${base64})`,
    `src="data:font/woff2;base64,${base64}"`,
    `ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI${of(random, word, 43)} me@laptop`,
    `-----BEGIN PUBLIC KEY-----\n${of(random, word, 64)}\n-----END PUBLIC KEY-----`,
    `https://example.com/a/${of(random, word, 22)}?page=${random(9)}&etag=${of(random, hex, 32)}`,
    `git@github.com:someone/project${random(99)}.git`,
    `postgres://localhost:5432/main${random(99)}`,
    `postgres://app:\${DB_PASSWORD}@db/main`,
    `max_tokens: ${4096 + random(4096)}, input_tokens: ${random(9999)}, output_tokens=${random(999)}`,
    `const password = await readPassword${random(9)}(prompt)`,
    `password: string, token?: string, secretName${random(9)}: string`,
    `if (user.password !== other.password) throw new WrongPassword${random(9)}()`,
    `const token = request.headers.get('authorization')`,
    `API_TOKEN=$OTHER_TOKEN_${random(99)}`,
    `DB_PASSWORD=\${{ secrets.DB_PASSWORD_${random(99)} }}`,
    `TOKEN_URL=https://auth.example.com/oauth/token${random(9)}`,
    `PASSWORD_FILE=/run/secrets/db${random(99)}`,
    `API_KEY=your-api-key-here`,
    `The token bucket refills every ${random(99)} ms; a secret of good design is small parts.`,
    `Forgot your password? Basic authentication is off, bearer tokens are on (RFC 6750).`,
    `function tokenize(text) { return text.split(/\\s+/).map(token => token.toLowerCase()) }`,
    `--color-secondary: #${of(random, hex, 6)}; --key-size: ${random(99)}px`,
    `npm_config_cache=/tmp/cache npm_package_version=${random(9)}.${random(9)}.0`,
    `sk-learn and task-${random(99)} ran; risk-${of(random, letters, 5)}`,
    `AKIA is how AWS keys begin; AIza is Google's; ghp_ is GitHub's; xoxb- is Slack's`,
    `{"type":"password","label":"Password","autocomplete":"current-password"}`,
    `secret: false, token: null, password: undefined`,
    `"max_output_tokens": 32000, "token_type": "bearer", "expires_in": ${random(9999)}`,
    `import { createToken, verifyToken } from './token${random(9)}.ts'`,
    `lock.token is ${random(99999)}, PAID_LOCK_TOKEN grows with every holder`,
    `eyJust a word, eyJ${of(random, letters, 3)} too short`,
    `0x${of(random, hex, 64)}`,
    `mailto:someone@example.com?subject=key${random(9)}`,
  ]
}
