// A number of bytes as people read it: `812 B`, `1.4 MiB`, `23 GiB`.

const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB']

export const formatBytes = (bytes: number): string => {
  let amount = bytes
  let unit = 0
  for (; amount >= 1024 && unit < units.length - 1; unit++) amount /= 1024
  return `${amount < 10 && unit > 0 ? amount.toFixed(1) : Math.round(amount)} ${units[unit]}`
}
