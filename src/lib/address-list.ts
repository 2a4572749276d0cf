// Lists of IP addresses and networks: `192.0.2.7`, `10.0.0.0/8`, `2001:db8::/32`. An IPv4 address is the same however
// it is written, also inside IPv6.

import { BlockList, isIP } from 'node:net'

export type AddressList = { readonly has: (address: string) => boolean }

const bitsOf = { ipv4: 32, ipv6: 128 } as const

type Network = { address: string; prefix: number; family: keyof typeof bitsOf }

/** Undefined for a text that is neither an address nor `address/bits`. */
export const parseNetwork = (text: string): Network | undefined => {
  const [written = '', bits, more] = text.split('/')
  const address = plainAddress(written)
  const kind = isIP(address)
  if (kind === 0 || more !== undefined || written.includes('%')) return undefined
  const family = kind === 4 ? 'ipv4' : 'ipv6'
  const most = bitsOf[family]
  if (bits === undefined) return { address, prefix: most, family }
  // the bits of one written inside IPv6 count from the IPv6 address's beginning
  const inside = address === written ? 0 : bitsOf.ipv6 - bitsOf.ipv4
  const prefix = /^\d{1,3}$/.test(bits) ? Number(bits) - inside : -1
  return prefix < 0 || prefix > most ? undefined : { address, prefix, family }
}

/** Throws a RangeError for what `parseNetwork` does not take. */
export const createAddressList = (texts: readonly string[]): AddressList => {
  const list = new BlockList()
  for (const text of texts) {
    const network = parseNetwork(text)
    if (!network) throw new RangeError(`${text} is no address and no network`)
    list.addSubnet(network.address, network.prefix, network.family)
  }
  return {
    has: (address) => {
      const plain = plainAddress(address)
      const kind = isIP(plain)
      return kind !== 0 && list.check(plain, kind === 4 ? 'ipv4' : 'ipv6')
    },
  }
}

/** Without a zone, and an IPv4 address inside IPv6 as what it is. */
const plainAddress = (address: string): string => {
  const [bare = ''] = address.split('%')
  return /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(bare)?.[1] ?? bare
}
