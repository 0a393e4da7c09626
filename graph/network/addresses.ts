/** Which addresses anybody in the internet may have, and which are of one's own networks. */
import type { IpAddress, Network } from '@bulwark/schema'
import { inNetwork, parseAddress, parseNetwork } from '@bulwark/schema'

/** Networks that are not routed in the internet. Those of documentation stand for any. */
const innerNetworks: readonly Network[] = [
  '0.0.0.0/8',
  '10.0.0.0/8',
  '100.64.0.0/10',
  '127.0.0.0/8',
  '169.254.0.0/16',
  '172.16.0.0/12',
  '192.168.0.0/16',
  '224.0.0.0/3',
  '::/127',
  'fc00::/7',
  'fe80::/10',
  'ff00::/8',
].flatMap((text) => parseNetwork(text) ?? [])

export const isPublic = (address: IpAddress): boolean =>
  !innerNetworks.some((network) => inNetwork(address, network))

/** Of an address or a network, whether some of it is of the internet; `undefined`: it is none. */
export const isPublicText = (text: string): boolean | undefined => {
  const address = parseAddress(text)
  if (address !== undefined) return isPublic(address)
  const network = parseNetwork(text)
  if (network === undefined) return undefined
  if (network.prefix <= 1) return true
  return isPublic(network.version === 4 ? Number(network.base) : network.base)
}

/** Addresses that stand for the internet: far from each other, and in no network of anybody's. */
export const outsideSamples: readonly IpAddress[] = ['45.79.3.1', '203.0.113.77'].flatMap(
  (text) => parseAddress(text) ?? [],
)
