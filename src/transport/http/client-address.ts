// Whose failures are counted together: one IPv4 address however it is written, one network of IPv6, where a single
// machine has more addresses than anybody could remember.

const groupsOfAddress = 8
const groupsOfNetwork = 4

/** `::ffff:192.0.2.1` is 192.0.2.1; of an IPv6 address the first 64 bits. */
export const clientAddress = (address: string): string => {
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1]
  if (mapped !== undefined) return mapped
  if (!address.includes(':')) return address
  const [left = [], right] = address
    .split('::')
    .map((side) => side.split(':').filter((group) => group !== ''))
  const zeros = right ? groupsOfAddress - left.length - right.length : 0
  return [...left, ...Array.from({ length: zeros }, () => '0'), ...(right ?? [])]
    .slice(0, groupsOfNetwork)
    .join(':')
}
