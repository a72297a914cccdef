// The key packages of members who never join. Made by us and the same for every implementation of RFC 9420.
import { Client, memoryStore, trustAnyCredential } from 'node-mls'

/** clientId gives an identity in the one form that core-crypto reads, `uuid:device@domain`; to others it is bytes. */
export function clientId(number: number): { readonly uuid: string; readonly device: bigint; readonly text: string } {
  const uuid = `00000000-0000-4000-8000-${number.toString(16).padStart(12, '0')}`
  return { uuid, device: 1n, text: `${uuid}:1@example.org` }
}

/** fillerSource gives a function for key packages; each is made once. */
export function fillerSource(suite: number): (count: number) => Promise<Uint8Array[]> {
  const made: Uint8Array[] = []
  return async (count) => {
    while (made.length < count) {
      const identity = clientId(1_000_000 + made.length).text
      const member = await Client.open({ identity, suites: [suite], store: memoryStore(), authenticate: trustAnyCredential })
      const [keyPackage] = await member.keyPackages.create()
      if (keyPackage) made.push(keyPackage.message)
      await member.close()
    }
    return made.slice(0, count)
  }
}
